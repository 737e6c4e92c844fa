"""CPU time of one piece of work against another's, measured in turns: what disturbs one disturbs both."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds that the work takes on this thread; the garbage of others is not collected in it."""
    gc.collect()
    began = time.thread_time()
    work()
    return time.thread_time() - began


def compare(work: Callable[[], object], baseline: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """CPU seconds of both, of the round whose ratio is the median; each runs once before that counts."""
    work()
    baseline()
    measured = [(cpu(work), cpu(baseline)) for _ in range(rounds)]
    return sorted(measured, key=lambda pair: pair[0] / pair[1])[len(measured) // 2]
