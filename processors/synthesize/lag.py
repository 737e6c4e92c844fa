"""How far a language's speech is behind the speaker, and how much faster it speaks to catch up.

Lag is counted on the speaker's time line (audio time, ms): clips are placed end to end, none before the end of its
segment, so clip i starts at max(end of clip i - 1, end of segment i), and its lag is what it starts behind the end of
its segment.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The tempo is 1 up to the first lag (ms), rises linearly from there, and is the fastest from the second on.
SPEEDUP_FROM = 1000
FASTEST_FROM = 5000
FASTEST = 1.3


def tempo(lag: int) -> float:
    """The factor (1.0-1.3) by which a clip that starts `lag` ms behind is spoken faster than usual."""
    share = min(max((lag - SPEEDUP_FROM) / (FASTEST_FROM - SPEEDUP_FROM), 0.0), 1.0)
    return round(1.0 + (FASTEST - 1.0) * share, 3)


@dataclass(frozen=True, slots=True)
class ClipPlacement:
    """Where a clip starts (audio time, ms), how many ms that is behind its segment's end, how fast it is spoken.

    One that is `late` is not worth speaking any more.
    """

    start: int
    lag: int
    tempo: float
    late: bool


class SpeechTimeline:
    """Where one language's clips lie; one that would start more than `max_lag` ms behind is late (0: none is)."""

    def __init__(self, max_lag: int = 0) -> None:
        self.max_lag = max_lag
        self._free = 0

    def place(self, segment_end: int) -> ClipPlacement:
        """Where the next clip goes; nothing is there before `spoken` says so."""
        start = max(self._free, segment_end)
        lag = start - segment_end
        return ClipPlacement(start, lag, tempo(lag), late=0 < self.max_lag < lag)

    def spoken(self, placement: ClipPlacement, length: int) -> None:
        """The clip was spoken there and lasts `length` ms."""
        self._free = placement.start + length
