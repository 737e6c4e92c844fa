"""Trying again for as long as a stream or store refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from processors.hosts.gate import Gate
from shared.backoff import delays
from shared.errors import SetupError, StoreUnavailable, StreamUnavailable

log = logging.getLogger(__name__)

Returned = TypeVar("Returned")


async def insist(attempt: Callable[[], Awaitable[Returned]], gate: Gate) -> Returned:
    """What `attempt` returns once a stream or store no longer refuses it; the gate stays closed meanwhile.

    What only its operator can mend ends the host.
    """
    try:
        try:
            return await attempt()
        except (StreamUnavailable, StoreUnavailable) as error:
            log.warning("refused, trying again: %s", error)
        with gate.closed():
            waits = delays(most=5.0)
            while True:
                await asyncio.sleep(next(waits))
                try:
                    returned = await attempt()
                except (StreamUnavailable, StoreUnavailable):
                    continue
                log.warning("no longer refused")
                return returned
    except SetupError as error:
        await gate.fail(error)
