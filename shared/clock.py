"""The wall clock, so that tests can put a virtual one in its place."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the wall-clock time."""

    def now(self) -> int:
        """Epoch time in ms."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Epoch time in ms."""
        return time.time_ns() // 1_000_000
