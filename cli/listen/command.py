"""`llt listen`."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from cli.backend import REACH, shared_backend
from cli.console import Console
from cli.listen.files import Files
from cli.listen.listener import Listener
from cli.listen.renderer import JsonLines, Renderer, Terminal
from cli.options import JsonOption, StreamsOption, output_file, session_id
from cli.options import language as language_code
from processors.backend import Reader
from shared.errors import SettingError
from shared.settings import Settings


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
    session = session_id(session)
    if language is not None:
        language = language_code(language, "--language")
    if audio is not None and language is None:
        raise SettingError("--audio: expected --language too, since only translations are spoken")
    if audio is not None and audio == vtt:
        raise SettingError(f"--audio {audio}: expected another file than that of --vtt")
    files = Files(vtt and output_file(vtt, "--vtt"), audio and output_file(audio, "--audio"))
    backend = shared_backend(Settings.load(only=REACH), streams, Reader.SINK)
    terminal = None if as_json else Terminal(Console())
    renderer: Renderer = terminal or JsonLines()
    shown = captions or as_json or not files.asked
    try:
        with terminal or nullcontext(), files:
            asyncio.run(Listener(backend, session, language, renderer, files, captions=shown).run())
    finally:
        renderer.wrote(files.written)
