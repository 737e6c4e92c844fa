"""Waiting for whichever of several things comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Returned = TypeVar("Returned")


async def first_of(*works: Coroutine[Any, Any, Returned]) -> Returned:
    """Returns what the first of them to end returned, or raises what it raised.

    The others are cancelled, and have ended when this returns. Of several that ended at once, the first in order.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, Returned]) -> Returned | None:
    """What `work` returns; None where the event was set before, and then the work is cancelled."""
    return await first_of(work, _none_after(event))


async def _none_after(event: asyncio.Event) -> None:
    await event.wait()
