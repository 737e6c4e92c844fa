"""`llt speak`: a recording as a speaker's live audio."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn

from cli.backend import REACH, shared_backend
from cli.console import Console
from cli.errors import note
from cli.options import SOURCE, StreamsOption, language, languages, whoever_runs_this
from cli.preflight import RecordingWarnings, length_told, warn_unserved
from cli.speak.talk import Talk
from processors.backend import Reader
from producers.sources import RecordingSource
from shared.sessions import Session, SessionState
from shared.settings import Settings

_TARGETS = "es,ca"


def speak(
    file: Annotated[
        Path,
        typer.Argument(help="A recording of any format, a video, or - for standard input; sent at the speaker's pace."),
    ],
    session: Annotated[str, typer.Option("--session", help="The session's id; it is created where it is new.")],
    to: Annotated[str | None, typer.Option("--to", help=f"Target languages; {_TARGETS} by default.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help=f"The language that is spoken; {SOURCE} by default.")
    ] = None,
    streams: StreamsOption = None,
    *,
    keep_open: Annotated[bool, typer.Option("--keep-open", help="Do not end the session behind the file.")] = False,
) -> None:
    """Send a recording to a session at the speaker's pace, and end the session with it.

    A session that was there before goes on where the clock stands, and its own languages count; while someone is
    speaking there, nobody else can.
    """
    console = Console()
    # A file that is no recording is refused before anything else.
    recording = RecordingSource(file)
    wanted = Session(
        id=session,
        source_language=language(source or SOURCE, "--source"),
        target_languages=tuple(languages(to or _TARGETS)),
        owner=whoever_runs_this(),
    )
    settings = Settings.load(only=(*REACH, "MAX_SESSION_LENGTH"))
    backend = shared_backend(settings, streams, Reader.SINK)
    warnings = RecordingWarnings(recording)
    warnings.emit()

    def joined(found: Session) -> None:
        if to is not None and set(found.target_languages) != set(wanted.target_languages):
            note(f"session {found.id} is into {', '.join(found.target_languages)}; --to {to} does not count")
        warn_unserved(found)

    with _progress(console) as progress:
        task = progress.add_task("", total=recording.duration, of=length_told(recording.duration))
        talk = Talk(backend, settings, recording, lambda sent: progress.update(task, completed=sent))
        try:
            spoken = asyncio.run(talk.run(wanted, joined, same_source=source is None, end=not keep_open))
        except KeyboardInterrupt:
            progress.stop()
            _tell_stopped(talk, recording.duration)
            raise
    warnings.emit()
    state = SessionState.OPEN if keep_open and spoken.state is SessionState.OPEN else SessionState.ENDED
    into = ", ".join(spoken.target_languages)
    _say(console, f"Sent {talk.sent:.1f} s to session {spoken.id} ({into}); it is {state}.")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.completed:6.1f} s{task.fields[of]}"),
        BarColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _tell_stopped(talk: Talk, duration: float | None) -> None:
    if talk.session is None:
        return
    name = talk.session.id
    unsent = "".join(f" {line}." for line in talk.unsent)
    note(
        f"stopped after {talk.sent:.1f} s{length_told(duration)}; session {name} is open: "
        f"`llt sessions end {name}` ends it, `llt speak` goes on with it.{unsent}"
    )


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
