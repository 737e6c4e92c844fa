"""Waits for a session that another worker has, until that one has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from processors.contract import Context
from shared.errors import Fenced
from shared.sessions import Session, SessionState

#: Seconds between two polls of the session's item.
POLL_INTERVAL = 2.0
#: Seconds without a change of the item, while there is audio to hear, after which its owner counts as gone: a live one
#: writes every 10 s.
OWNER_TIMEOUT = 30.0


class StandbyState(Enum):
    """Who has the session."""

    #: The item changes, or nothing waits to be heard.
    OWNED = "its owner gets on"
    #: Input waits, and the item does not change.
    OWNER_SILENT = "its owner has not moved for a while"
    ACQUIRED = "the session is this worker's"
    ENDED = "its owner has ended the session"


class Standby:
    """Polls the item; `on_heard` is told how far (ms) its owner has heard, `has_input` says whether input waits.

    Two workers that took a session from each other whenever they were refused would do so for ever: so a worker that
    was fenced opens only where the owner has given the session back, or has not moved for long.
    """

    def __init__(self, context: Context, has_input: Callable[[], bool], on_heard: Callable[[int], None]) -> None:
        self._context = context
        self._has_input = has_input
        self._on_heard = on_heard
        self._seen: tuple[int, int, int] | None = None
        self._since = 0.0
        self.state = StandbyState.OWNED

    async def wait(self) -> Session:
        """The item, once `state` is ENDED, or ACQUIRED: then its take is one that this worker has opened."""
        while True:
            item = await self._context.store.load(self._context.key)
            self._observe(item)
            if self.state is StandbyState.ENDED:
                return item
            if self._is_free(item) and await self._acquire(item.take):
                return await self._acquired()
            await asyncio.sleep(POLL_INTERVAL)

    def _observe(self, item: Session) -> None:
        now = asyncio.get_running_loop().time()
        if item.state is SessionState.ENDED:
            self.state = StandbyState.ENDED
            return
        self._on_heard(item.heard)
        seen = (item.take, item.heard, item.last_frame_at)
        if seen != self._seen or not self._has_input():
            self._seen = seen
            self._since = now
            self.state = StandbyState.OWNED
        elif now - self._since >= OWNER_TIMEOUT:
            self.state = StandbyState.OWNER_SILENT

    def _is_free(self, item: Session) -> bool:
        return self.state is StandbyState.OWNER_SILENT or 0 < item.take == item.given_back

    async def _acquire(self, seen: int) -> bool:
        try:
            self._take = await self._context.store.open_take(self._context.key, seen)
        except Fenced:
            # Somebody else was first: it has the session now, and as long as this one did to show that it moves.
            self._seen = None
            self.state = StandbyState.OWNED
            return False
        return True

    async def _acquired(self) -> Session:
        item = await self._context.store.load(self._context.key)
        if item.take != self._take:
            raise Fenced(f"session {item.id}: expected take {self._take}, the item has {item.take}")
        self.state = StandbyState.ACQUIRED
        return item
