"""Several things at once: whichever comes first, and what runs beside a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
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


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs `work` while the block runs; where it raises, the block is cancelled, and this raises what it raised."""
    failed: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(work)
            yield
            # A block that was cancelled when it waited for nothing any more hears it here.
            await asyncio.sleep(0)
            working.cancel()
    except BaseExceptionGroup as errors:
        failed = errors.exceptions[0]
    # Raised within the handler, the group would take the place of what it came of.
    if failed is not None:
        raise failed
