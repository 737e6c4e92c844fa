"""The rate window: how often partial results are processed."""

from __future__ import annotations

from math import inf


class RateWindow:
    """Admits one partial result a window of audio time; the next window begins where one ends, or after a quiet one.

    Positions are audio time in ms.
    """

    def __init__(self) -> None:
        #: Where the open window ends; nothing is admitted before.
        self.end = -inf

    def admit(self, position: float, rate: float) -> bool:
        """Whether a result at `position` is processed at once, which opens a window of 1/`rate` s."""
        if position < self.end:
            return False
        self.end = position + 1000 / rate
        return True

    def open_next(self, rate: float) -> None:
        """Opens the next window where this one ends: a result that waited for its end is processed there."""
        self.end += 1000 / rate
