"""The picture in README: the screen of a real `llt demo` as it stands in the middle of a recording.

    .venv/bin/python -m infra.docs.picture

It takes as long as the recording lasts, and writes `docs/demo.svg`. What is heard is what Moonshine said of it once, at
the same times; translations and speech are made anew, by the engines that the environment chooses. Two runs differ in
the latencies that they show, so `make docs` leaves it out.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path

from rich.console import Console

from cli.broadcast.job import Job
from cli.broadcast.view import View
from cli.demo.screen import Screen
from sinks import Caption, Corrected

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "demo.svg"
_DEMO = ROOT / "cli" / "demo"
#: When it is taken, in s of audio: sentences are translated by then, and another one is being said.
_TAKEN_AT = 26.0
_COLUMNS = 100
#: The fonts that Rich has a browser fetch from a server; the reader's own will do.
_FONTS = re.compile(r" *@font-face \{.*?\}\n", re.DOTALL)
_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)


class Camera(View):
    """Shows a broadcast on a screen that nobody sees, and keeps how it looks at one moment."""

    def __init__(self, targets: list[str], duration: float | None) -> None:
        self._screen = Screen(Console(file=io.StringIO()), targets, duration)
        self._console = Console(
            file=io.StringIO(), record=True, force_terminal=True, color_system="truecolor", width=_COLUMNS
        )
        self._taken = False

    def tail(self, text: str) -> None:
        self._screen.tail(text)

    def caption(self, language: str | None, caption: Caption) -> None:
        self._screen.caption(language, caption)

    def corrected(self, language: str | None, corrected: Corrected) -> None:
        self._screen.corrected(language, corrected)

    def latency(self, name: str, milliseconds: float) -> None:
        self._screen.latency(name, milliseconds)

    def sent(self, seconds: float) -> None:
        self._screen.sent(seconds)
        if seconds >= _TAKEN_AT and not self._taken:
            self._taken = True
            self._console.print(self._screen)

    def svg(self) -> str:
        """The picture."""
        return _BLANKS.sub("", _FONTS.sub("", self._console.export_svg(title="make demo", unique_id="demo")))


def take() -> str:
    """Runs the demo to its end and returns the picture, an SVG."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECOGNISER"] = f"scripted:{_DEMO / 'recording.moonshine.jsonl'}"
        job = Job(_DEMO / "recording.wav", "es,ca", Path(folder), realtime=True)
        camera = Camera(job.targets, job.wav.duration)
        job.run(camera)
        return camera.svg()


if __name__ == "__main__":
    PICTURE.write_text(take(), encoding="utf-8")
