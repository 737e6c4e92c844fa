"""Session items in this process's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.errors import ClaimRefused, Fenced, SessionExists, SessionUnknown
from shared.models import Segment, Word
from shared.sessions.session import PROPOSAL_STANDS, Session, SessionState
from shared.sessions.store import SessionStore


class MemorySessionStore(SessionStore):
    """A SessionStore for one process: every method runs to its end before another begins."""

    def __init__(self) -> None:
        self._items: dict[str, Session] = {}

    async def create(self, session: Session) -> None:
        if session.id in self._items:
            raise SessionExists(f"session {session.id} exists already")
        self._items[session.id] = session

    async def load(self, session: str) -> Session:
        try:
            return self._items[session]
        except KeyError:
            raise SessionUnknown(f"no session {session!r} was created") from None

    async def open_sessions(self) -> Sequence[Session]:
        return [item for item in self._items.values() if item.state is SessionState.OPEN]

    async def begin(self, session: str, started_at: int) -> Session:
        item = await self.load(session)
        if not item.started_at:
            item = self._items[session] = replace(item, started_at=started_at)
        return item

    async def notice(self, session: str, at: int) -> None:
        item = await self.load(session)
        if not item.noticed_at:
            self._items[session] = replace(item, noticed_at=at)

    async def propose_end(self, session: str, at: int) -> bool:
        item = await self.load(session)
        free = abs(at - item.proposed_at) >= PROPOSAL_STANDS
        if free:
            self._items[session] = replace(item, proposed_at=at)
        return free

    async def open_take(self, session: str, held: int | None) -> int:
        item = await self.load(session)
        if item.state is SessionState.ENDED:
            raise Fenced(f"session {session}: expected it to be open, it has ended")
        if held is not None:
            await self._held(session, held)
        self._items[session] = replace(item, take=item.take + 1)
        return item.take + 1

    async def release_take(self, session: str, take: int) -> None:
        item = await self.load(session)
        if item.take == take:
            self._items[session] = replace(item, given_back=take)

    async def advance_heard(self, session: str, take: int, heard: int) -> None:
        item = await self._held(session, take)
        self._items[session] = replace(item, heard=max(item.heard, heard))

    async def touch(self, session: str, last_frame_at: int) -> None:
        item = await self.load(session)
        self._items[session] = replace(item, last_frame_at=max(item.last_frame_at, last_frame_at))

    async def claim(
        self, session: str, segments: Sequence[Segment], *, unpublished: int, frontier: int, words: Sequence[Word]
    ) -> None:
        item = await self.load(session)
        if segments[0].number != item.number + 1:
            raise ClaimRefused(
                f"session {session}: expected a claim from {item.number + 1}, got one from {segments[0].number}"
            )
        kept = [claimed for claimed in item.claimed if claimed.number >= unpublished]
        self._items[session] = replace(
            item, number=segments[-1].number, frontier=frontier, words=tuple(words), claimed=(*kept, *segments)
        )

    async def raise_epoch(self, session: str) -> int:
        item = await self.load(session)
        self._items[session] = replace(item, epoch=item.epoch + 1)
        return item.epoch + 1

    async def configure(
        self, session: str, *, settings: Mapping[str, str] | None = None, wanted: Sequence[str] | None = None
    ) -> None:
        item = await self.load(session)
        self._items[session] = replace(
            item,
            settings=item.settings if settings is None else dict(settings),
            wanted=item.wanted if wanted is None else tuple(wanted),
        )

    async def end(self, session: str, take: int, heard: int) -> None:
        item = await self._held(session, take)
        self._items[session] = replace(item, state=SessionState.ENDED, heard=max(item.heard, heard))

    async def _held(self, session: str, take: int) -> Session:
        """The item, if its take is `take`."""
        item = await self.load(session)
        if item.take != take:
            raise Fenced(f"session {session}: expected take {take}, the item has {item.take}")
        return item
