"""Wall clocks that a test sets."""

from __future__ import annotations

from tests.support.virtual_time import VirtualClock


class ManualClock:
    """A Clock that stands at `at` (epoch ms)."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += round(seconds * 1000)


class SkewedClock(VirtualClock):
    """A Clock that is `ahead` s ahead of everybody's virtual time."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def now(self) -> int:
        return super().now() + round(self.ahead * 1000)
