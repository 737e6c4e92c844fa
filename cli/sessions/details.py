"""How far a session has come, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from shared.sessions import Session

_TIMES = {0: "not yet", 1: "once", 2: "twice"}


def details(session: Session) -> Iterator[tuple[str, str]]:
    """What a person reads of a session, line by line: what it is, and what that is."""
    yield "session", f"{session.id} ({session.state})"
    if session.owner:
        yield "owner", session.owner
    yield "languages", f"{session.source_language} > {_listed(session.target_languages)}"
    if session.wanted is not None:
        yield "translated", f"only into {_listed(session.wanted)}"
    yield "audio", f"{session.rate} Hz"
    yield "began", began(session)
    yield "last audio", f"{_moment(session.last_frame_at)} or up to 10 s later" if session.last_frame_at else "none yet"
    yield "transcribed", f"{_seconds(session.heard)} of the session"
    yield "segments", f"{session.number}, up to {_seconds(session.frontier)}" if session.number else "none yet"
    yield "taken up", f"{_TIMES.get(session.take) or f'{session.take} times'} by a recogniser"
    for name, value in session.settings.items():
        yield "setting", f"{name}={value}"


def began(session: Session) -> str:
    """When somebody first spoke on it, in UTC, to the second."""
    return _moment(session.started_at) if session.started_at else "not yet"


def _moment(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")


def _listed(languages: Sequence[str]) -> str:
    return ", ".join(languages) or "none"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"
