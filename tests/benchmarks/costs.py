"""CPU time of one piece of work against another's, measured in turns: what disturbs one disturbs both."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds that the work takes on this thread; what was there before is no burden to its garbage collection."""
    gc.collect()
    gc.freeze()
    began = time.thread_time()
    work()
    spent = time.thread_time() - began
    gc.unfreeze()
    return spent


def compare(work: Callable[[], object], baseline: Callable[[], object], rounds: int = 100) -> tuple[float, float]:
    """CPU seconds of both: the least of all rounds, since what disturbs them only ever adds."""
    measured = [(cpu(work), cpu(baseline)) for _ in range(rounds)]
    return min(ours for ours, _ in measured), min(theirs for _, theirs in measured)
