"""Session stores that are out, hang, or lose their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from shared.errors import StoreUnavailable
from shared.sessions import MemorySessionStore, Session

Answer = TypeVar("Answer")


class FlakyStore(MemorySessionStore):
    """What a producer asks of it is refused while `out` is set, and never answered while `hangs` is.

    `keeps` makes it do what it refuses all the same, as where an answer is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        #: The store itself, as everybody else sees it.
        self.items = MemorySessionStore()
        self.out = False
        self.hangs = False
        self.keeps = False
        #: How often an item was asked for.
        self.loads = 0

    async def create(self, session: Session) -> None:
        await self._answer(self.items.create(session))

    async def load(self, session: str) -> Session:
        self.loads += 1
        return await self._answer(self.items.load(session))

    async def begin(self, session: str, started_at: int) -> Session:
        return await self._answer(self.items.begin(session, started_at))

    async def fail_for(self, seconds: float) -> None:
        """Refuses everything for so long."""
        self.out = True
        await asyncio.sleep(seconds)
        self.out = False

    async def _answer(self, call: Coroutine[Any, Any, Answer]) -> Answer:
        if self.hangs or (self.out and not self.keeps):
            call.close()
            if self.hangs:
                await asyncio.sleep(3_600_000)
            raise StoreUnavailable("throttled")
        answer = await call
        if self.out:
            raise StoreUnavailable("no answer")
        return answer
