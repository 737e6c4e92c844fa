"""Metrics kept in this process, for reports and tests."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

from shared.metrics.base import Metric, Metrics

Labels = tuple[tuple[str, str], ...]

#: Observations kept for each distribution, newest last: enough for percentiles, bounded for long runs.
_KEPT = 10_000


class MemoryMetrics(Metrics):
    """A Metrics that can be asked."""

    def __init__(self) -> None:
        self._counters: defaultdict[tuple[Metric, Labels], float] = defaultdict(float)
        self._gauges: dict[tuple[Metric, Labels], float] = {}
        self._observations: defaultdict[tuple[Metric, Labels], deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def count(self, name: Metric, value: float = 1, **labels: str) -> None:
        self._counters[name, _sorted(labels)] += value

    def gauge(self, name: Metric, value: float, **labels: str) -> None:
        key = name, _sorted(labels)
        # The newest stands last.
        self._gauges.pop(key, None)
        self._gauges[key] = value

    def observe(self, name: Metric, value: float, **labels: str) -> None:
        self._observations[name, _sorted(labels)].append(value)

    def total(self, name: Metric, **labels: str) -> float:
        """The counters of that name that carry at least these labels, added up."""
        return sum(v for (n, own), v in self._counters.items() if n is name and _covers(own, labels))

    def level(self, name: Metric, **labels: str) -> float | None:
        """The newest level of that name with at least these labels."""
        levels = [v for (n, own), v in self._gauges.items() if n is name and _covers(own, labels)]
        return levels[-1] if levels else None

    def observations(self, name: Metric, **labels: str) -> list[float]:
        """Every kept observation of that name with at least these labels."""
        return [
            value
            for (n, own), values in self._observations.items()
            if n is name and _covers(own, labels)
            for value in values
        ]

    def counters(self) -> Iterator[tuple[Metric, dict[str, str], float]]:
        """Every counter: its name, labels and value."""
        for (name, labels), value in self._counters.items():
            yield name, dict(labels), value


def _sorted(labels: dict[str, str]) -> Labels:
    return tuple(sorted(labels.items())) if labels else ()


def _covers(own: Labels, wanted: dict[str, str]) -> bool:
    return wanted.items() <= dict(own).items()
