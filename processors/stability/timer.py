"""Wakes an operator when there is something to decide although nothing came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Timer:
    """Calls `ring` whenever the loop time (s) that `deadline` tells has come; None is never."""

    def __init__(self, deadline: Callable[[], float | None], ring: Callable[[], Awaitable[None]]) -> None:
        self._deadline = deadline
        self._ring = ring
        self._until: float | None = None
        self._sooner = asyncio.Event()

    def look(self) -> None:
        """Notices a deadline that has moved forward; one that moved back is noticed by itself."""
        deadline = self._deadline()
        if deadline is not None and (self._until is None or deadline < self._until):
            self._sooner.set()

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self._until = self._deadline()
            self._sooner.clear()
            try:
                async with asyncio.timeout_at(self._until):
                    await self._sooner.wait()
            except TimeoutError:
                await self._ring()
