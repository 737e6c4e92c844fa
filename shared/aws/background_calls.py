"""Calls of a table that go on, whoever still waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Returned = TypeVar("Returned")


class BackgroundCalls:
    """Calls under way. One in its thread cannot be cancelled: whoever may stop waiting for it shields it.

    All calls of DynamoDB share its threads: `slots` are for so many of these.
    """

    def __init__(self, slots: int) -> None:
        self.slots = asyncio.Semaphore(slots)
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, call: Coroutine[Any, Any, Returned]) -> asyncio.Task[Returned]:
        """Begins a call."""
        task = asyncio.create_task(call)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def start_in_slot(self, call: Coroutine[Any, Any, Returned]) -> asyncio.Task[Returned]:
        """Begins a call in the slot that was acquired for it, which it keeps for as long as it takes."""
        task = self.start(call)
        task.add_done_callback(lambda _: self.slots.release())
        return task

    async def wait(self, within: float | None = None) -> None:
        """Waits until those under way have ended, at most so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)

    async def close(self, within: float) -> None:
        """Waits for so many seconds at most, and lets go of what is left."""
        await self.wait(within)
        left = tuple(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Nobody waits for the failure of a call that took too long.
            task.exception()
