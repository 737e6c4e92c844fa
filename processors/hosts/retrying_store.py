"""A session store that waits out its own unavailability, for one operator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from processors.hosts.backpressure import Backpressure
from processors.hosts.parking import Parking
from shared.backoff import delays
from shared.errors import RefusedTooLong, SetupError, StoreUnavailable
from shared.models import Segment, Word
from shared.sessions import Session, SessionStore

Returned = TypeVar("Returned")

#: The store's name among what may answer nothing.
_STORE = "store"


class RetryingStore(SessionStore):
    """Hands every call on, again and again while the store refuses the operator, whose key is parked meanwhile.

    `waits_since` says since which loop time (s) the operator's oldest input waits, if one does. Once that, and the
    refusals, have lasted as long as a key may be parked, the call raises RefusedTooLong.
    """

    __slots__ = ("_backpressure", "_parking", "_refused_since", "_store", "_waits_since")

    def __init__(
        self,
        store: SessionStore,
        backpressure: Backpressure,
        parking: Parking,
        waits_since: Callable[[], float | None],
    ) -> None:
        self._store = store
        self._backpressure = backpressure
        self._parking = parking
        self._waits_since = waits_since
        #: The loop time (s) of the first refusal since the store last answered the operator.
        self._refused_since: float | None = None

    async def create(self, session: Session) -> None:
        await self._until_available(session.id, lambda: self._store.create(session))

    async def load(self, session: str) -> Session:
        return await self._until_available(session, lambda: self._store.load(session))

    async def open_sessions(self) -> Sequence[Session]:
        return await self._until_available("", self._store.open_sessions)

    async def open_take(self, session: str, held: int | None) -> int:
        return await self._until_available(session, lambda: self._store.open_take(session, held))

    async def begin(self, session: str, started_at: int) -> Session:
        return await self._until_available(session, lambda: self._store.begin(session, started_at))

    async def notice(self, session: str, at: int) -> None:
        await self._until_available(session, lambda: self._store.notice(session, at))

    async def propose_end(self, session: str, at: int) -> bool:
        return await self._until_available(session, lambda: self._store.propose_end(session, at))

    async def release_take(self, session: str, take: int) -> None:
        await self._until_available(session, lambda: self._store.release_take(session, take))

    async def raise_epoch(self, session: str) -> int:
        """It is tried once, since what asks for an epoch can do without for a while."""
        try:
            return await self._store.raise_epoch(session)
        except SetupError as error:
            await self._backpressure.fail(error)

    async def advance_heard(self, session: str, take: int, heard: int) -> None:
        await self._until_available(session, lambda: self._store.advance_heard(session, take, heard))

    async def touch(self, session: str, last_frame_at: int) -> None:
        await self._until_available(session, lambda: self._store.touch(session, last_frame_at))

    async def claim(
        self, session: str, segments: Sequence[Segment], *, unpublished: int, frontier: int, words: Sequence[Word]
    ) -> None:
        """A claim whose answer was lost is refused when it is tried again.

        The operator then finds its own segments in the item and publishes those.
        """
        await self._until_available(
            session,
            lambda: self._store.claim(session, segments, unpublished=unpublished, frontier=frontier, words=words),
        )

    async def configure(
        self, session: str, *, settings: Mapping[str, str] | None = None, wanted: Sequence[str] | None = None
    ) -> None:
        await self._until_available(session, lambda: self._store.configure(session, settings=settings, wanted=wanted))

    async def end(self, session: str, take: int, heard: int) -> None:
        await self._until_available(session, lambda: self._store.end(session, take, heard))

    async def _until_available(self, session: str, attempt: Callable[[], Awaitable[Returned]]) -> Returned:
        try:
            try:
                returned = await attempt()
            except StoreUnavailable as error:
                with self._parking.waiting(error):
                    returned = await self._wait_out(session, attempt, error)
        except SetupError as error:
            await self._backpressure.fail(error)
        self._refused_since = None
        self._backpressure.availability(_STORE).answered(session)
        return returned

    async def _wait_out(
        self, session: str, attempt: Callable[[], Awaitable[Returned]], error: StoreUnavailable
    ) -> Returned:
        if self._refused_since is None:
            self._refused_since = asyncio.get_running_loop().time()
        for wait in delays(most=5.0):
            self._backpressure.availability(_STORE).refused(session)
            if self._overdue(self._refused_since):
                raise RefusedTooLong(f"expected the store to take an operation within MAX_PARK, got refusals: {error}")
            await asyncio.sleep(wait)
            try:
                return await attempt()
            except StoreUnavailable as again:
                error = again
        raise AssertionError("delays never end")

    def _overdue(self, refused_since: float) -> bool:
        if not self._parking.overdue(refused_since):
            return False
        oldest = self._waits_since()
        return oldest is None or self._parking.overdue(oldest)
