"""`llt transcribe-file`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.broadcast.job import Job
from cli.broadcast.summary import print_summary
from cli.broadcast.view import View
from cli.console import Console
from cli.options import ToOption
from cli.preflight import length_told
from producers.sources.pipe import STANDARD_INPUT
from sinks import Caption, Corrected

#: Where a shell puts the output of a command that stands in the place of a file's name.
_NUMBERED = Path("/dev/fd")


class ProgressView(View):
    """A bar that follows the committed captions: audio that was only sent is not done."""

    def __init__(self, console: Console, duration: float | None) -> None:
        self._progress = Progress(
            TextColumn("{task.completed:7.1f} s{task.fields[of]}"),
            BarColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task("", total=duration, of=length_told(duration))

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, traceback)

    def finish(self) -> None:
        """Everything is done, the silence behind the last caption too."""
        done = self._progress.tasks[self._task]
        self._progress.update(self._task, completed=done.completed if done.total is None else done.total)

    def tail(self, text: str) -> None:
        pass

    def caption(self, language: str | None, caption: Caption) -> None:
        if language is None:
            self._progress.update(self._task, completed=caption.end / 1000)

    def corrected(self, language: str | None, corrected: Corrected) -> None:
        pass

    def sent(self, seconds: float) -> None:
        pass

    def latency(self, name: str, milliseconds: float) -> None:
        pass


def transcribe_file(
    file: Annotated[Path, typer.Argument(help="A recording of any format, a video, or - for standard input.")],
    to: ToOption = "es,ca",
    out: Annotated[Path | None, typer.Option("--out", help="The folder for the files; out/FILE by default.")] = None,
) -> None:
    """Write captions and speech of a recording as fast as the machine goes."""
    console = Console()
    job = Job(
        file,
        to,
        out or Path("out") / (file.stem if file.parent != _NUMBERED and file != STANDARD_INPUT else "stdin"),
        realtime=False,
    )
    try:
        with ProgressView(console, job.wav.duration) as view:
            job.run(view)
            view.finish()
    finally:
        print_summary(console, job)
