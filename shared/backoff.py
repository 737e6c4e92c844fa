"""Exponential backoff with jitter, and calls that are retried with it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from itertools import count, islice
from typing import TypeVar

from shared.errors import StoreUnavailable, StreamUnavailable

Answer = TypeVar("Answer")


def backoff(failures: int, *, first: float = 0.1, most: float = 5.0) -> float:
    """Seconds to wait after so many failures in a row: doubling from `first` to `most`.

    Half of it is jitter, so that many clients do not return at the same moment.
    """
    ceiling = min(most, first * 2.0 ** min(failures - 1, 20))
    return ceiling * random.uniform(0.5, 1.0)


def delays(*, most: float = 2.0) -> Iterator[float]:
    """The waits after the first failure, the second, and so on, in s."""
    return (backoff(failures, most=most) for failures in count(1))


async def retry_while_unavailable(call: Callable[[], Awaitable[Answer]], attempts: int = 8) -> Answer:
    """What the call returns, retried while a stream or store is unavailable: 8 attempts take about 5 s.

    Raises what the last attempt raised.
    """
    for wait in islice(delays(), attempts - 1):
        try:
            return await call()
        except (StoreUnavailable, StreamUnavailable):
            await asyncio.sleep(wait)
    return await call()
