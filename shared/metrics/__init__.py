"""What the pipeline measures of itself: the names, and where the numbers go."""

from shared.metrics.base import Metric, Metrics
from shared.metrics.memory import MemoryMetrics

__all__ = ["MemoryMetrics", "Metric", "Metrics"]
