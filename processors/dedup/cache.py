"""What a session said just now: how a segment that a faulty writer repeats is told from a phrase said twice."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from shared.metrics import Metric, Metrics


@dataclass(frozen=True, slots=True)
class _Entry:
    """A text, when it came (ms of the loop's clock), and its span in audio time (ms)."""

    at: int
    text: str
    start: int
    end: int

    def repeats(self, other: _Entry) -> bool:
        """The same words over the same span, or over one that shares more than half of the shorter."""
        if self.text != other.text:
            return False
        overlap = min(self.end, other.end) - max(self.start, other.start)
        shorter = min(self.end - self.start, other.end - other.start)
        return 2 * overlap > shorter or (self.start, self.end) == (other.start, other.end)


class RecentTexts:
    """The normalised texts of one session of the last `ttl` ms, by the loop's clock."""

    def __init__(self, ttl: int) -> None:
        self._ttl = ttl
        self._entries: deque[_Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def is_repeated(self, text: str, start: int, end: int, now: int) -> bool:
        """Whether the text was said over that span (audio time, ms) just now; remembers it either way."""
        while self._entries and self._entries[0].at < now - self._ttl:
            self._entries.popleft()
        entry = _Entry(now, text, start, end)
        repeated = any(map(entry.repeats, self._entries))
        self._entries.append(entry)
        return repeated


class CacheSize:
    """How many texts the sessions of one stage remember, all together."""

    def __init__(self) -> None:
        self._entries = 0

    def change(self, by: int, metrics: Metrics) -> None:
        """Adds `by` entries, or takes some away, and reports the size."""
        self._entries += by
        metrics.gauge(Metric.CACHE_SIZE, self._entries, stage="dedup")
