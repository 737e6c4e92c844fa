"""A broadcast as lines of text, for output that is no terminal."""

from __future__ import annotations

from rich.console import Console

from cli.broadcast.view import View
from cli.formatting import labelled
from shared.clean import clean
from sinks import Caption, Corrected


class Lines(View):
    """Prints each caption as it comes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def tail(self, text: str) -> None:
        """A line that changes cannot be printed."""

    def caption(self, language: str | None, caption: Caption) -> None:
        text = labelled(caption) if caption.text else f"({caption.status})"
        self._print(f"{caption.end / 1000:7.1f} s  {caption.language}  {text}")

    def corrected(self, language: str | None, corrected: Corrected) -> None:
        spoken = "" if language is None else f"{language}  "
        self._print(f"{'':9}  {spoken}corrected  {corrected.text}")

    def sent(self, seconds: float) -> None:
        pass

    def latency(self, name: str, milliseconds: float) -> None:
        pass

    def _print(self, line: str) -> None:
        self._console.print(clean(line), markup=False, highlight=False, soft_wrap=True)
