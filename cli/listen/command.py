"""`llt listen`."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.backend import Reader, shared_backend
from cli.listen.audience import Audience
from cli.listen.show import JsonLines, Show, Terminal
from cli.options import JsonOption, StreamsOption
from shared.errors import SettingError
from shared.settings import Settings
from sinks.files import SubtitleWriter, WavWriter, WebVttWriter


def listen(
    session: Annotated[str, typer.Argument(help="The session's id; it may be created later.")],
    language: Annotated[
        str | None, typer.Option("--language", help="A target language; the speaker's own by default.")
    ] = None,
    audio: Annotated[Path | None, typer.Option("--audio", help="Write the speech to this WAV file.")] = None,
    vtt: Annotated[Path | None, typer.Option("--vtt", help="Write the captions to this WebVTT file.")] = None,
    streams: StreamsOption = None,
    *,
    captions: Annotated[
        bool, typer.Option("--captions", help="Show the captions, also where files are written.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Follow a session until it ends: its captions on the terminal, or captions and speech in files.

    Who joins late is shown the last captions, and told what was missed.
    """
    if audio is not None and language is None:
        raise SettingError("--audio: expected --language too, since only translations are spoken")
    backend = shared_backend(Settings.load(), streams, Reader.SINK)
    with ExitStack() as stack:
        show: Show = JsonLines() if as_json else stack.enter_context(Terminal(Console()))
        subtitles: SubtitleWriter | None = stack.enter_context(WebVttWriter(vtt)) if vtt else None
        speech = stack.enter_context(WavWriter(audio)) if audio else None
        shown = captions or as_json or not (vtt or audio)
        audience = Audience(backend, session, language, show, subtitles, speech, captions=shown)
        asyncio.run(audience.run())
