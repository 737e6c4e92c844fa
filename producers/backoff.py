"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Iterator

#: The first and the longest wait, in s.
_FIRST = 0.1
_LONGEST = 2.0


def delays() -> Iterator[float]:
    """Waits in s, doubling up to 2 s; jitter keeps many clients from returning at the same moment."""
    bound = _FIRST
    while True:
        yield random.uniform(bound / 2, bound)
        bound = min(bound * 2, _LONGEST)
