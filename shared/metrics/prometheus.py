"""Metrics for Prometheus to scrape: prometheus-client behind the facade."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from shared.metrics.base import AGES, Metric, Metrics

#: Upper bounds in ms, doubling from 5 ms to 82 s; 0 stands apart for ErrorRate.
_BUCKETS = (0, *(5 * 2**power for power in range(15)))


class PrometheusMetrics(Metrics):
    """A Metrics on one registry; a metric's label names are those of its first use."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._counters: dict[Metric, Counter] = {}
        self._gauges: dict[Metric, Gauge] = {}
        self._histograms: dict[Metric, Histogram] = {}

    def serve(self, port: int, address: str = "127.0.0.1") -> None:
        """Answers scrapes on `address`:`port` from a thread of its own."""
        start_http_server(port, address, self.registry)

    def count(self, name: Metric, value: float = 1, **labels: str) -> None:
        if name not in self._counters:
            self._counters[name] = Counter(name, name.help, tuple(labels), registry=self.registry)
        (self._counters[name].labels(**labels) if labels else self._counters[name]).inc(value)

    def gauge(self, name: Metric, value: float, **labels: str) -> None:
        if name not in self._gauges:
            # Where several processes measure for one scrape, the levels of those that live are added up; of ages the
            # greatest counts.
            self._gauges[name] = Gauge(
                name,
                name.help,
                tuple(labels),
                registry=self.registry,
                multiprocess_mode="livemax" if name in AGES else "livesum",
            )
        (self._gauges[name].labels(**labels) if labels else self._gauges[name]).set(value)

    def observe(self, name: Metric, value: float, **labels: str) -> None:
        if name not in self._histograms:
            self._histograms[name] = Histogram(name, name.help, tuple(labels), registry=self.registry, buckets=_BUCKETS)
        (self._histograms[name].labels(**labels) if labels else self._histograms[name]).observe(value)
