"""Trying again for as long as a stream or store refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from processors.hosts.gate import Gate
from shared.backoff import backoff
from shared.errors import StoreUnavailable, StreamUnavailable

Returned = TypeVar("Returned")


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
