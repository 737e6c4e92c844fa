"""A mayor's address, spoken by eSpeak NG: a stretch between two breaths, of a sentence or two, a line."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.speech.espeak import speak
from tests.benchmarks.speech.recording import Recording, joined

_TEXT = Path(__file__).with_name("town_hall.txt")
#: Lines of one talk, which takes about a minute, and the ms of silence behind each.
_LINES, _BREATH = 9, 1000


def talks(rate: int) -> list[Recording]:
    """The address at `rate` Hz, in talks of a minute."""
    lines = [speak(line, "en", rate) for line in _TEXT.read_text().splitlines()]
    return [joined(lines[first : first + _LINES], _BREATH) for first in range(0, len(lines), _LINES)]
