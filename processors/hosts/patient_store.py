"""A session store that waits out its own unavailability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from processors.hosts.gate import Gate
from processors.hosts.insist import insist
from shared.errors import SetupError
from shared.models import Segment, Word
from shared.sessions import Session, SessionStore


class PatientStore:
    """Hands every call on, again and again while the store is unavailable; the host stops reading meanwhile."""

    def __init__(self, store: SessionStore, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def create(self, session: Session) -> None:
        """See SessionStore.create."""
        await insist(lambda: self._store.create(session), self._gate)

    async def load(self, session: str) -> Session:
        """See SessionStore.load."""
        return await insist(lambda: self._store.load(session), self._gate)

    async def open_sessions(self) -> Sequence[Session]:
        """See SessionStore.open_sessions."""
        return await insist(self._store.open_sessions, self._gate)

    async def open_take(self, session: str, held: int | None) -> int:
        """See SessionStore.open_take."""
        return await insist(lambda: self._store.open_take(session, held), self._gate)

    async def begin(self, session: str, started_at: int) -> Session:
        """See SessionStore.begin."""
        return await insist(lambda: self._store.begin(session, started_at), self._gate)

    async def notice(self, session: str, at: int) -> None:
        """See SessionStore.notice."""
        await insist(lambda: self._store.notice(session, at), self._gate)

    async def propose_end(self, session: str, at: int) -> bool:
        """See SessionStore.propose_end."""
        return await insist(lambda: self._store.propose_end(session, at), self._gate)

    async def give_back(self, session: str, take: int) -> None:
        """See SessionStore.give_back."""
        await insist(lambda: self._store.give_back(session, take), self._gate)

    async def raise_epoch(self, session: str) -> int:
        """See SessionStore.raise_epoch; it is tried once, since what asks for an epoch can do without for a while."""
        try:
            return await self._store.raise_epoch(session)
        except SetupError as error:
            await self._gate.fail(error)

    async def hear(self, session: str, take: int, heard: int) -> None:
        """See SessionStore.hear."""
        await insist(lambda: self._store.hear(session, take, heard), self._gate)

    async def touch(self, session: str, last_frame_at: int) -> None:
        """See SessionStore.touch."""
        await insist(lambda: self._store.touch(session, last_frame_at), self._gate)

    async def claim(
        self, session: str, segments: Sequence[Segment], *, unpublished: int, frontier: int, words: Sequence[Word]
    ) -> None:
        """See SessionStore.claim.

        A claim whose answer was lost is refused at the next try: the operator then finds its own segments in the
        item and publishes those.
        """
        await insist(
            lambda: self._store.claim(session, segments, unpublished=unpublished, frontier=frontier, words=words),
            self._gate,
        )

    async def configure(
        self, session: str, *, settings: Mapping[str, str] | None = None, wanted: Sequence[str] | None = None
    ) -> None:
        """See SessionStore.configure."""
        await insist(lambda: self._store.configure(session, settings=settings, wanted=wanted), self._gate)

    async def end(self, session: str, take: int, heard: int) -> None:
        """See SessionStore.end."""
        await insist(lambda: self._store.end(session, take, heard), self._gate)
