"""Where session items are kept: conditional writes are what fences a worker that does not know it lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.models import Segment, Word
from shared.sessions.session import Session


class SessionStore(Protocol):
    """Session items by id, read consistently.

    Every method may raise StoreUnavailable: try again. Those that look for a session raise SessionUnknown where there
    is none.
    """

    async def create(self, session: Session) -> None:
        """Stores a new item; raises SessionExists where the id is taken."""

    async def load(self, session: str) -> Session:
        """The item as it stands now."""

    async def open_sessions(self) -> Sequence[Session]:
        """Every session that has not ended, maybe without its words and claims."""

    async def begin(self, session: str, started_at: int) -> Session:
        """Sets `started_at` where it is not set yet; returns the item as it then is."""

    async def notice(self, session: str, at: int) -> None:
        """Sets `noticed_at` where it is not set yet."""

    async def propose_end(self, session: str, at: int) -> bool:
        """Sets `proposed_at`, unless somebody's proposal is less than 60 s from `at`: then False."""

    async def open_take(self, session: str, held: int | None) -> int:
        """Raises `take` by one and returns it.

        A first opening passes None; a reopening passes the take it holds and raises Fenced where the item has another
        by now. Both raise Fenced where the session has ended.
        """

    async def release_take(self, session: str, take: int) -> None:
        """Sets `given_back` to `take`, if that is still the item's take."""

    async def advance_heard(self, session: str, take: int, heard: int) -> None:
        """Raises `heard` (it never falls); raises Fenced unless the item's take is `take`."""

    async def touch(self, session: str, last_frame_at: int) -> None:
        """Raises `last_frame_at` (it never falls)."""

    async def claim(
        self, session: str, segments: Sequence[Segment], *, unpublished: int, frontier: int, words: Sequence[Word]
    ) -> None:
        """Decides the segments, in one conditional write; raises ClaimRefused unless they follow the item's number.

        Claims numbered below `unpublished` are dropped from the item, `frontier` and `words` replace the item's.
        """

    async def raise_epoch(self, session: str) -> int:
        """Raises `epoch` by one and returns it."""

    async def configure(
        self, session: str, *, settings: Mapping[str, str] | None = None, wanted: Sequence[str] | None = None
    ) -> None:
        """Replaces the session's setting overrides, its wanted languages, or both; None leaves one as it is."""

    async def end(self, session: str, take: int, heard: int) -> None:
        """Marks the session ended, its audio heard up to `heard` (audio time, ms).

        Raises Fenced unless the item's take is `take`; 0 stands for a session that nobody has opened.
        """
