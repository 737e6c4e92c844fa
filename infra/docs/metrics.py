"""The table of metrics, from their own definitions."""

from __future__ import annotations

from infra.docs.markdown import code, table
from shared.metrics import Metric


def table_of_metrics() -> str:
    """Every metric: its name, and what it counts or measures."""
    return table(("metric", "what it is"), ((code(metric), metric.help) for metric in Metric))
