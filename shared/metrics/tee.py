"""Metrics for several places at once."""

from __future__ import annotations

from shared.metrics.base import Metric, Metrics


class TeeMetrics(Metrics):
    """A Metrics that hands everything on to each of several."""

    def __init__(self, *targets: Metrics) -> None:
        self._targets = targets

    def count(self, name: Metric, value: float = 1, **labels: str) -> None:
        for target in self._targets:
            target.count(name, value, **labels)

    def gauge(self, name: Metric, value: float, **labels: str) -> None:
        for target in self._targets:
            target.gauge(name, value, **labels)

    def observe(self, name: Metric, value: float, **labels: str) -> None:
        for target in self._targets:
            target.observe(name, value, **labels)
