"""`llt demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.broadcast.job import Job
from cli.broadcast.summary import print_summary
from cli.console import Console
from cli.demo.lines import Lines
from cli.demo.screen import Screen
from cli.options import ToOption

_RECORDING = Path(__file__).with_name("recording.wav")


def demo(
    file: Annotated[
        Path | None,
        typer.Option("--input", help="A recording, or - for standard input; by default one that is shipped."),
    ] = None,
    to: ToOption = "es,ca",
    out: Annotated[Path, typer.Option("--out", help="The folder for the files.")] = Path("out/demo"),
) -> None:
    """Stream a recording through the pipeline at the speaker's pace, live on the terminal; Ctrl-C ends it cleanly."""
    console = Console()
    job = Job(file or _RECORDING, to, out, realtime=True)
    console.print("Getting the engines ready ...", style="dim")
    try:
        if console.is_terminal:
            with Screen(console, job.targets, job.wav.duration) as screen:
                job.run(screen)
        else:
            job.run(Lines(console))
    finally:
        print_summary(console, job)
