"""Trying again for as long as a stream or store refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from processors.hosts.backpressure import Backpressure
from shared.backoff import delays
from shared.errors import SetupError, StoreUnavailable, StreamUnavailable

log = logging.getLogger(__name__)

Returned = TypeVar("Returned")


async def insist(attempt: Callable[[], Awaitable[Returned]], pressure: Backpressure) -> Returned:
    """What `attempt` returns once a stream or store no longer refuses it; for what belongs to no key.

    What only whoever runs it can mend ends the host.
    """
    try:
        try:
            return await attempt()
        except (StreamUnavailable, StoreUnavailable) as error:
            log.warning("refused, trying again: %s", error)
        for wait in delays(most=5.0):
            await asyncio.sleep(wait)
            try:
                returned = await attempt()
            except (StreamUnavailable, StoreUnavailable):
                continue
            log.warning("no longer refused")
            return returned
        raise AssertionError("delays never end")
    except SetupError as error:
        await pressure.fail(error)
