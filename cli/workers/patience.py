"""Calls that are refused for now, tried again within a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import TypeVar

from shared.backoff import delays
from shared.errors import StoreUnavailable, StreamUnavailable

#: Tries of one call: about 5 s in all.
_TRIES = 8

Answer = TypeVar("Answer")


async def patiently(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """What the call brings; raises what its last try raised."""
    for wait in islice(delays(), _TRIES - 1):
        try:
            return await call()
        except (StoreUnavailable, StreamUnavailable):
            await asyncio.sleep(wait)
    return await call()
