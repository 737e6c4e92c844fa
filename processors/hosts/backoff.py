"""How long to wait between tries."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from processors.hosts.gate import Gate
from shared.errors import StoreUnavailable, StreamUnavailable

Returned = TypeVar("Returned")


def backoff(failures: int, *, first: float = 0.1, most: float = 5.0) -> float:
    """Seconds to wait after so many failures in a row: doubling from `first` to `most`, with half of it random."""
    ceiling = min(most, first * 2.0 ** min(failures - 1, 20))
    return ceiling * random.uniform(0.5, 1.0)


async def insist(attempt: Callable[[], Awaitable[Returned]], gate: Gate) -> Returned:
    """What `attempt` returns once a stream or store no longer refuses it; the gate stays closed meanwhile."""
    try:
        return await attempt()
    except (StreamUnavailable, StoreUnavailable):
        pass
    with gate.closed():
        failures = 1
        while True:
            await asyncio.sleep(backoff(failures))
            try:
                return await attempt()
            except (StreamUnavailable, StoreUnavailable):
                failures += 1
