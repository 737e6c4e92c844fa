"""How long to wait between tries."""

from __future__ import annotations

import random


def backoff(failures: int, *, first: float = 0.1, most: float = 5.0) -> float:
    """Seconds to wait after so many failures in a row: doubling from `first` to `most`, with half of it random."""
    ceiling = min(most, first * 2.0 ** min(failures - 1, 20))
    return ceiling * random.uniform(0.5, 1.0)
