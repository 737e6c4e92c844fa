"""Calls of a table that go on in the background, whether or not anybody still waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Returned = TypeVar("Returned")


class BackgroundCalls:
    """Calls in flight. One in its thread cannot be cancelled: whoever may stop waiting for it shields it.

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

    async def wait(self, timeout: float | None = None) -> None:
        """Waits until those in flight have ended, at most `timeout` s."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout)

    async def close(self, timeout: float) -> None:
        """Waits for so many seconds at most, and cancels what is left."""
        await self.wait(timeout)
        left = tuple(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Nobody waits for the failure of a call that took too long.
            task.exception()
