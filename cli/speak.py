"""`llt speak`: a recording as a speaker's live audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cli.backend import Backend, Reader, shared_backend
from cli.job import SOURCE
from cli.options import StreamsOption, ToOption, languages, whoever_runs_this
from producers import AudioProducer
from producers.sources.wav import WavSource
from shared.clock import SystemClock
from shared.errors import SessionUnknown
from shared.models import SAMPLE_BYTES
from shared.sessions import Session
from shared.settings import Settings
from shared.streams import StreamName


def speak(
    file: Annotated[Path, typer.Argument(help="A WAV file, sent at the speaker's pace.")],
    session: Annotated[str, typer.Option("--session", help="The session's id; it is created where it is new.")],
    to: ToOption = "es,ca",
    source: Annotated[str, typer.Option("--source", help="The language that is spoken.")] = SOURCE,
    streams: StreamsOption = None,
    *,
    keep_open: Annotated[bool, typer.Option("--keep-open", help="Do not end the session behind the file.")] = False,
) -> None:
    """Send a recording to a session at the speaker's pace, and end the session with it.

    A session that was spoken to before goes on where the clock stands; its own languages count then.
    """
    console = Console()
    # A file that is no WAV is refused before anything else.
    WavSource(file)
    backend = shared_backend(Settings.load(), streams, Reader.SINK)
    wanted = Session(
        id=session,
        source_language=source,
        target_languages=tuple(languages(to)),
        started_at=SystemClock().now(),
        owner=whoever_runs_this(),
    )
    with _progress(console) as progress:
        spoken, seconds = asyncio.run(_speak(backend, wanted, file, progress, end=not keep_open))
    state = "open" if keep_open else "ended"
    into = ", ".join(spoken.target_languages)
    console.print(f"Sent {seconds:.1f} s to session {spoken.id} ({into}); it is {state}.", soft_wrap=True)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.completed:6.1f} s of {task.total:.1f} s"), BarColumn(), console=console, transient=True
    )


async def _speak(
    backend: Backend, session: Session, file: Path, progress: Progress, *, end: bool
) -> tuple[Session, float]:
    """Sends it all; returns the session as the store has it, and how long the file is."""
    with suppress(SessionUnknown):
        session = await backend.store.load(session.id)
    wav = WavSource(file, rate=session.rate)
    audio = backend.streams[StreamName.AUDIO]
    async with AudioProducer(audio, backend.store, session, live=session.take > 0) as producer:
        await producer.stream(_counted(wav, progress))
        await producer.close(end=end)
        return producer.session, wav.duration


async def _counted(wav: WavSource, progress: Progress) -> AsyncIterator[bytes]:
    task = progress.add_task("", total=wav.duration)
    async for pcm in wav:
        yield pcm
        progress.advance(task, len(pcm) / SAMPLE_BYTES / wav.rate)
