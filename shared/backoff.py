"""How long to wait between tries."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count


def backoff(failures: int, *, first: float = 0.1, most: float = 5.0) -> float:
    """Seconds to wait after so many failures in a row: doubling from `first` to `most`.

    Half of it is random, so that many clients do not return at the same moment.
    """
    ceiling = min(most, first * 2.0 ** min(failures - 1, 20))
    return ceiling * random.uniform(0.5, 1.0)


def delays(*, most: float = 2.0) -> Iterator[float]:
    """The waits after the first failure, the second, and so on, in s."""
    return (backoff(failures, most=most) for failures in count(1))
