"""WAV files as tests write them."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TypeVar

#: Samples a second.
RATE = 16_000
Name = TypeVar("Name", str, Path)


def flat(path: Name, seconds: float, sample: int = 0) -> Name:
    """Writes a recording of one sample again and again, silent by default: mono, 16 bit; returns where."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sample.to_bytes(2, "little") * round(RATE * seconds))
    return path
