"""How a listener sees what comes: lines on a terminal, or JSON lines for a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from cli.console import put_json
from cli.formatting import labelled
from shared.clean import clean
from shared.models import Status
from shared.sessions import Session
from sinks import (
    AudioChunk,
    AudioEvent,
    Caption,
    CaptionEvent,
    ClipLeftOut,
    ClipMissed,
    Corrected,
    Ended,
    Interrupted,
    Missed,
    Resumed,
    Tail,
)


class Renderer(Protocol):
    """Is told what happens, and returns at once."""

    def waiting(self, reason: str) -> None:
        """There is no such session yet."""

    def joined(self, session: Session) -> None:
        """The session is there."""

    def show(self, event: CaptionEvent | AudioEvent) -> None:
        """Something came; why the session has ended is told by `ended`."""

    def ended(self, session: str) -> None:
        """Nothing more comes."""

    def wrote(self, files: Sequence[Path]) -> None:
        """These files were written."""


class Terminal(Renderer):
    """Captions as lines; on a terminal the steady part of the tail stands in grey below them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None
        self._reason = _ENDED

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, traceback)

    def waiting(self, reason: str) -> None:
        self._aside(f"waiting: {reason}")

    def joined(self, session: Session) -> None:
        languages = ", ".join(session.target_languages)
        self._aside(f"session {session.id}: {session.source_language} into {languages}")

    def show(self, event: CaptionEvent | AudioEvent) -> None:
        """Speech goes to its file, and only what is missing in it is told."""
        match event:
            case Caption():
                text = labelled(event) if event.status is Status.OK else f"({event.status})"
                self._print(f"{event.end / 1000:7.1f} s  {text}")
            case Tail():
                if self._live is not None:
                    self._live.update(Text(f"{'':9}  {clean(event.text)}", style="bright_black"))
            case Corrected():
                self._print(f"{'':9}  corrected: {event.text}")
            case Missed():
                self._aside(f"missed: {_numbers(event.first, event.last)}")
            case ClipMissed():
                self._aside(f"missed: the speech of {_numbers(event.first, event.last)}")
            case ClipLeftOut():
                self._aside(f"no speech of {_numbers(event.number, event.number)}: {event.status}")
            case Interrupted():
                self._aside("interrupted: the streams cannot be read; nothing is lost, it goes on where it was")
            case Resumed():
                self._aside("resumed: the streams can be read again")
            case Ended():
                self._reason = event.reason

    def ended(self, session: str) -> None:
        why = "" if self._reason == _ENDED else f": {self._reason}"
        self._aside(f"session {session} has ended{why}")

    def wrote(self, files: Sequence[Path]) -> None:
        for file in files:
            self._aside(f"wrote {file}")

    def _aside(self, text: str) -> None:
        self._print(f"{'':9}  ({text})", style="dim")

    def _print(self, line: str, style: str = "") -> None:
        self._console.print(clean(line), style=style, markup=False, highlight=False, soft_wrap=True)


class JsonLines(Renderer):
    """One JSON object a line; `event` says what it is. Audio stands in its file, and here by its length in bytes."""

    def __init__(self) -> None:
        self._reason = _ENDED

    def waiting(self, reason: str) -> None:
        self._write({"event": "waiting", "reason": reason})

    def joined(self, session: Session) -> None:
        self._write(
            {
                "event": "joined",
                "session": session.id,
                "source_language": session.source_language,
                "target_languages": session.target_languages,
            }
        )

    def show(self, event: CaptionEvent | AudioEvent) -> None:
        if isinstance(event, Ended):
            self._reason = event.reason
            return
        line = {"event": _EVENTS[type(event)]} | asdict(event)
        if isinstance(event, AudioChunk):
            line["payload"] = len(event.payload)
        self._write(line)

    def ended(self, session: str) -> None:
        self._write({"event": "ended", "session": session, "reason": self._reason})

    def wrote(self, files: Sequence[Path]) -> None:
        if files:
            self._write({"event": "wrote", "files": [clean(str(file)) for file in files]})

    def _write(self, line: dict[str, Any]) -> None:
        put_json(line, indented=False)


_EVENTS: dict[type, str] = {
    Caption: "caption",
    Corrected: "corrected",
    Tail: "tail",
    Missed: "missed",
    AudioChunk: "audio",
    ClipMissed: "clip-missed",
    ClipLeftOut: "clip-left-out",
    Interrupted: "interrupted",
    Resumed: "resumed",
}
#: The reason of a session that somebody ended.
_ENDED = "ended"


def _numbers(first: int, last: int) -> str:
    return f"caption {first}" if first == last else f"captions {first}-{last}"
