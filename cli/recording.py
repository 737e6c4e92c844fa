"""What is told of a recording before it is played."""

from __future__ import annotations

from pathlib import Path

from cli.explain import note
from producers.sources.wav import WavSource


def tell_cut_short(file: Path, wav: WavSource) -> None:
    """Says so where the file holds less audio than it says."""
    if wav.missing:
        note(f"warning: {file} is cut short: {wav.duration:.1f} s of {wav.duration + wav.missing:.1f} s are there")
