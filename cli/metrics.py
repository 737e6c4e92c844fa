"""Where this process's measurements go."""

from __future__ import annotations

import os

from shared.errors import SettingError
from shared.metrics import MemoryMetrics, Metrics
from shared.metrics.tee import TeeMetrics
from shared.settings import Settings


def exported(memory: MemoryMetrics, settings: Settings) -> Metrics:
    """`memory`, and beside it Prometheus where METRICS_PORT names a port to serve them on; raises SettingError."""
    if not settings.metrics_port:
        return memory
    from shared.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415 - wanted by few

    prometheus = PrometheusMetrics()
    try:
        prometheus.serve(settings.metrics_port, settings.metrics_address)
    except OSError as error:
        address, port = settings.metrics_address, settings.metrics_port
        raise SettingError(
            f"METRICS_PORT={port}: {address}:{port} cannot be had: {error.strerror}; choose another, or 0 for none"
        ) from None
    return TeeMetrics(memory, prometheus)


def gathered() -> Metrics:
    """Where a child of a worker measures: in files that the worker gathers for Prometheus, where it does."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return MemoryMetrics()
    from shared.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415 - wanted by few

    return PrometheusMetrics()
