"""The table of figures, in Markdown: what `make bench` prints is what docs/benchmarks.md shows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime

import psutil

from tests.benchmarks.figure import Figure

HEAD = "| figure | value | against | ratio | bound | holds |\n|---|--:|--:|--:|---|---|"


def markdown(figures: Iterable[Figure]) -> str:
    """One row a figure."""
    return "\n".join([HEAD, *map(_row, figures)])


def when_and_where() -> str:
    """The date, and what this machine has."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{datetime.now(UTC):%Y-%m-%d}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB"


def _row(figure: Figure) -> str:
    against = f"{number(figure.baseline)} {figure.against}" if figure.baseline is not None else figure.against
    ratio = "" if figure.ratio is None else number(figure.ratio)
    holds = "" if figure.bound is None else "yes" if figure.holds else "**no**"
    bound = figure.bound or ""
    return f"| {figure.name} | {number(figure.value)} {figure.unit} | {against} | {ratio} | {bound} | {holds} |"


def number(value: float) -> str:
    """Three digits that count, and no more; whole numbers as they are."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
