"""A broadcast live on the terminal."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.broadcast.latencies import Latencies
from cli.broadcast.view import View
from cli.formatting import labelled
from cli.preflight import length_told
from shared.clean import clean
from shared.models import Status
from sinks import Caption, Corrected

#: Captions of each language that stay on the screen.
_SHOWN = 3


class Screen(View):
    """The source line with its tail in grey, each target language under it, and the latencies so far."""

    def __init__(self, console: Console, targets: list[str], duration: float | None) -> None:
        self._duration = duration
        self._seconds = 0.0
        self._tail = ""
        self._captions: dict[str | None, deque[Caption]] = {
            language: deque(maxlen=_SHOWN) for language in (None, *targets)
        }
        self._latencies = Latencies()
        self._live = Live(console=console, refresh_per_second=10, get_renderable=self.__rich__)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def tail(self, text: str) -> None:
        self._tail = clean(text)

    def caption(self, language: str | None, caption: Caption) -> None:
        self._captions[language].append(caption)

    def corrected(self, language: str | None, corrected: Corrected) -> None:
        """What scrolled by is corrected in the files."""
        shown = self._captions[language]
        covered = [caption for caption in shown if corrected.first <= caption.number <= corrected.last]
        if not covered:
            return
        better = replace(covered[0], text=corrected.text, status=Status.OK)
        kept = [better if caption is covered[0] else caption for caption in shown if caption not in covered[1:]]
        shown.clear()
        shown.extend(kept)

    def sent(self, seconds: float) -> None:
        self._seconds = seconds

    def latency(self, name: str, milliseconds: float) -> None:
        self._latencies.add(name, milliseconds)

    def __rich__(self) -> RenderableType:
        """What it shows now, for any of Rich's consoles."""
        lines = Table.grid(padding=(0, 2))
        lines.add_column(style="bold cyan", width=3)
        lines.add_column(ratio=1)
        for language, captions in self._captions.items():
            lines.add_row(language or "en", self._text(language, captions))
        return Group(
            self._progress(),
            Panel(lines, border_style="dim"),
            self._figures(),
        )

    def _text(self, language: str | None, captions: deque[Caption]) -> Text:
        text = Text()
        for caption in captions:
            if caption.status is Status.OK:
                text.append(labelled(caption) + " ")
            else:
                text.append(f"({caption.status}) ", style="red")
        if language is None:
            text.append(self._tail, style="bright_black")
        return text

    def _progress(self) -> RenderableType:
        row = Table.grid(padding=(0, 1))
        told = Text(f"{self._seconds:5.1f} s{length_told(self._duration)}")
        if self._duration is None:
            row.add_row(told)
        else:
            row.add_row(told, ProgressBar(total=max(self._duration, 0.1), completed=self._seconds, width=40))
        return row

    def _figures(self) -> RenderableType:
        row = Table.grid(padding=(0, 3))
        shown = [(name, p) for name, p in self._latencies.percentiles().items() if name.startswith("speech")]
        row.add_row(*(Text(f"{name} {p.p50 / 1000:.1f} s", style="dim") for name, p in shown[:4]))
        return row
