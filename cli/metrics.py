"""Where this process's measurements go."""

from __future__ import annotations

import os

from shared.metrics import MemoryMetrics, Metrics
from shared.metrics.tee import TeeMetrics
from shared.settings import Settings


def exported(memory: MemoryMetrics, settings: Settings) -> Metrics:
    """`memory`, and beside it Prometheus where METRICS_PORT names a port to serve them on."""
    if not settings.metrics_port:
        return memory
    from shared.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415 - wanted by few

    prometheus = PrometheusMetrics()
    prometheus.serve(settings.metrics_port)
    return TeeMetrics(memory, prometheus)


def gathered() -> Metrics:
    """Where a child of a worker measures: in files that the worker gathers for Prometheus, where it does."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return MemoryMetrics()
    from shared.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415 - wanted by few

    return PrometheusMetrics()
