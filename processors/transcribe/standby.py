"""Waits for a session that another worker has, until that one has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from processors.contract import Context
from shared.errors import Fenced
from shared.sessions import Session, SessionState

#: Seconds between two looks at the session's item.
LOOK_EVERY = 2.0
#: Seconds for which the item must stand still while there is audio to hear: its owner writes every 10 s.
STANDSTILL = 30.0


class Waiting(Enum):
    """Where a stand-by stands."""

    #: The item moves, or nothing waits to be heard.
    OWNED = "its owner gets on"
    #: What was taken waits, and the item does not move.
    STILL = "its owner has not moved for a while"
    OPENED = "the session is this worker's"
    ENDED = "its owner has ended the session"


class StandBy:
    """Looks at the item again and again; `on_heard` is told how far (ms) its owner has heard, `waits` if input waits.

    Two workers that took a session from each other whenever they were refused would do so for ever: so a worker that
    was fenced opens only where the owner has given the session back, or has not moved for long.
    """

    def __init__(self, context: Context, waits: Callable[[], bool], on_heard: Callable[[int], None]) -> None:
        self._context = context
        self._waits = waits
        self._on_heard = on_heard
        self._seen: tuple[int, int, int] | None = None
        self._since = 0.0
        self.state = Waiting.OWNED

    async def wait(self) -> Session:
        """The item, once `state` is ENDED, or OPENED: then its take is one that this worker has opened."""
        while True:
            item = await self._context.store.load(self._context.key)
            self._look(item)
            if self.state is Waiting.ENDED:
                return item
            if self._is_free(item) and await self._open(item.take):
                return await self._opened()
            await asyncio.sleep(LOOK_EVERY)

    def _look(self, item: Session) -> None:
        now = asyncio.get_running_loop().time()
        if item.state is SessionState.ENDED:
            self.state = Waiting.ENDED
            return
        self._on_heard(item.heard)
        seen = (item.take, item.heard, item.last_frame_at)
        if seen != self._seen or not self._waits():
            self._seen = seen
            self._since = now
            self.state = Waiting.OWNED
        elif now - self._since >= STANDSTILL:
            self.state = Waiting.STILL

    def _is_free(self, item: Session) -> bool:
        return self.state is Waiting.STILL or 0 < item.take == item.given_back

    async def _open(self, seen: int) -> bool:
        try:
            self._take = await self._context.store.open_take(self._context.key, seen)
        except Fenced:
            # Somebody else was first: it has the session now, and as long as this one did to show that it moves.
            self._seen = None
            self.state = Waiting.OWNED
            return False
        return True

    async def _opened(self) -> Session:
        item = await self._context.store.load(self._context.key)
        if item.take != self._take:
            raise Fenced(f"session {item.id}: expected take {self._take}, the item has {item.take}")
        self.state = Waiting.OPENED
        return item
