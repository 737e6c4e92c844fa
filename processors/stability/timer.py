"""Wakes an operator when there is something to decide although nothing came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Timer:
    """Calls `fire` whenever the loop time (s) that `deadline` tells has come; None is never."""

    def __init__(self, deadline: Callable[[], float | None], fire: Callable[[], Awaitable[None]]) -> None:
        self._deadline = deadline
        self._fire = fire
        self._armed_for: float | None = None
        self._sooner = asyncio.Event()

    def reschedule(self) -> None:
        """To be called when the deadline may have moved forward; one that moved back is noticed by itself."""
        deadline = self._deadline()
        if deadline is not None and (self._armed_for is None or deadline < self._armed_for):
            self._sooner.set()

    async def run(self) -> None:
        """Waits for one deadline after the other until it is cancelled."""
        while True:
            self._armed_for = self._deadline()
            self._sooner.clear()
            try:
                async with asyncio.timeout_at(self._armed_for):
                    await self._sooner.wait()
            except TimeoutError:
                await self._fire()
