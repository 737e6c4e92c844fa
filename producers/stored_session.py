"""A session's item in the store, as the session's producer knows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.backoff import delays
from shared.errors import SessionExists, SessionMismatch, SessionOver, SessionUnknown, StoreUnavailable
from shared.sessions import Session, SessionState, SessionStore

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: Seconds between two polls of the item, and the longest that one takes: an end is noticed within 10 s.
_POLL_INTERVAL = 5.0


class StoredSession:
    """Opens the item and notices when the session has ended; `timeout_s` is how long a write waits for the store."""

    def __init__(self, store: SessionStore, session: Session, timeout_s: float) -> None:
        #: The session; once open, as the store has it.
        self.session = session
        #: Whether it has ended, as far as this producer knows.
        self.over = False
        self._store = store
        self._timeout_s = timeout_s
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> bool:
        """Creates the session, or takes it over from the store; returns whether it was there.

        Raises SessionOver, SessionMismatch and StoreUnavailable.
        """
        return await self._retry(self._create_or_continue)

    async def begin(self, started_at: int) -> None:
        """Sets `started_at` where it is not set yet; raises SessionOver and StoreUnavailable."""
        self.session = await self._retry(lambda: self._store.begin(self.session.id, started_at))
        self._note()
        if self.over:
            raise self.ended()

    def watch(self, ended: Callable[[], None]) -> None:
        """Polls the item every 5 s from now on, until the session is over: then calls `ended`."""
        self._task = asyncio.create_task(self._watch(ended))

    async def refresh(self, limit: float) -> None:
        """Reads the item, for `limit` s at most. A store that does not answer says nothing about the session."""
        try:
            async with asyncio.timeout(limit):
                self.session = await self._store.load(self.session.id)
        except SessionUnknown:
            self.over = True
        except Exception as error:
            log.debug("session %s: its item cannot be read: %s", self.session.id, error)
        else:
            self._note()

    def ended(self) -> SessionOver:
        """What a writer is told of the end."""
        return SessionOver(
            f"session {self.session.id} has ended; what it says behind {self.session.heard / 1000:.1f} s is not heard: "
            "somebody ended it, it was idle for IDLE_TIMEOUT, "
            "nobody spoke for START_TIMEOUT, or it reached MAX_SESSION_LENGTH; choose another id"
        )

    async def stop(self) -> None:
        """Polls no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _note(self) -> None:
        # What was read before the end may come behind what was read after it.
        self.over = self.over or self.session.state is SessionState.ENDED

    async def _watch(self, ended: Callable[[], None]) -> None:
        while not self.over:
            await asyncio.sleep(_POLL_INTERVAL)
            await self.refresh(_POLL_INTERVAL)
        ended()

    async def _create_or_continue(self) -> bool:
        try:
            await self._store.create(self.session)
        except SessionExists:
            self.session = self._matching(await self._store.load(self.session.id))
            return True
        return False

    def _matching(self, stored: Session) -> Session:
        """The stored session, if this one's audio can be written to it."""
        if stored.state is SessionState.ENDED:
            raise SessionOver(
                f"session {stored.id}: expected an open session, got one that has ended; choose another id"
            )
        expected = (stored.rate, stored.source_language)
        if (self.session.rate, self.session.source_language) != expected:
            raise SessionMismatch(
                f"session {stored.id}: expected audio at {stored.rate} Hz in {stored.source_language!r} as it began, "
                f"got {self.session.rate} Hz in {self.session.source_language!r}"
            )
        return stored

    async def _retry(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the call returns, retried for `timeout_s` while the store is unavailable."""
        refused = StoreUnavailable(f"session {self.session.id}: the store did not answer within {self._timeout_s:g} s")
        try:
            async with asyncio.timeout(self._timeout_s):
                for wait in delays():
                    try:
                        return await call()
                    except StoreUnavailable as error:
                        refused = error
                    await asyncio.sleep(wait)
        except TimeoutError:
            pass
        raise refused
