"""Session items in the DynamoDB table Sessions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from shared.aws.session import Aws
from shared.aws.table import ConditionFailed, Item, Table
from shared.aws.tables import EXPIRES_AT, SESSIONS
from shared.clock import Clock, SystemClock
from shared.errors import ClaimRefused, CodecError, Fenced, SessionExists, SessionUnknown, StoreUnavailable
from shared.models import Segment, Word
from shared.sessions.idempotency import IdempotencyTokens
from shared.sessions.item import SUMMARY, UNREAD, from_item, to_claimed, to_item, to_words
from shared.sessions.session import FIRST_EPOCH, PROPOSAL_STANDS, Session, SessionState, is_session_id
from shared.sessions.store import SessionStore

log = logging.getLogger(__name__)

#: Seconds that an item is kept: from the session's creation, or its start where that is later, and from its end.
KEPT_OPEN = 30 * 86_400
KEPT_ENDED = 7 * 86_400

#: The value of the attribute that only open sessions have, which puts them in the index.
_OPEN = "open"
#: DynamoDB deletes hours after an item's time: one whose time has passed counts as deleted.
_ALIVE = f"#{EXPIRES_AT} > :now"
#: Whether an attribute, a whole number, is not set yet: items of an earlier release have none.
_UNSET = "attribute_not_exists(#{0}) OR #{0} = :unset"


class DynamoDbSessionStore(SessionStore):
    """A SessionStore for any number of processes: every write is one conditional write.

    Raises SetupError, too, where the table or the right to use it is missing.
    """

    def __init__(self, aws: Aws, prefix: str = "", *, clock: Clock | None = None) -> None:
        self._table = Table(aws.client("dynamodb", StoreUnavailable), prefix + SESSIONS.name)
        self._clock = clock or SystemClock()
        self._tokens = IdempotencyTokens()

    async def create(self, session: Session) -> None:
        """A session that was stored though the answer was lost is known for one's own when it is created again."""
        write = "create", repr(session)
        creation = self._tokens.token_for(write)
        try:
            await self._create(session, creation)
        except StoreUnavailable:
            self._tokens.lost(write, creation)
            raise

    async def load(self, session: str) -> Session:
        """Raises CodecError where the item is not as this store writes it."""
        return from_item(await self._item(session))

    async def open_sessions(self) -> Sequence[Session]:
        """Without words and claims, which may be hundreds of KB of each.

        A session created less than a second ago may be missing.
        """
        listed = await self._table.query(f"#{SESSIONS.index} = :open", index=SESSIONS.index, open=_OPEN)
        sessions: list[Session] = []
        keys = [{SESSIONS.key: entry[SESSIONS.key]} for entry in listed]
        for item in await self._table.get_many(keys, [*SUMMARY, EXPIRES_AT]):
            # The index may be behind the items.
            if item.get("state") == SessionState.OPEN and self._is_alive(item):
                try:
                    sessions.append(from_item(item | UNREAD))
                except CodecError as error:
                    log.warning("left out of the open sessions: %s", error)
        return sessions

    async def open_take(self, session: str, held: int | None) -> int:
        """A reopening that took effect though its answer was lost is known for one's own when it is retried."""
        if held is None:
            return await self._open_take(session, uuid4().hex)
        write = "reopen", session, held
        opening = self._tokens.token_for(write)
        try:
            return await self._reopen_take(session, held, opening)
        except StoreUnavailable:
            self._tokens.lost(write, opening)
            raise

    async def begin(self, session: str, started_at: int) -> Session:
        with suppress(ConditionFailed):
            await self._update(
                session, "SET #started_at = :at", f"({_UNSET.format('started_at')})", at=started_at, unset=0
            )
        return await self.load(session)

    async def notice(self, session: str, at: int) -> None:
        try:
            await self._update(session, "SET #noticed_at = :at", f"({_UNSET.format('noticed_at')})", at=at, unset=0)
        except ConditionFailed:
            await self._item(session)

    async def propose_end(self, session: str, at: int) -> bool:
        try:
            await self._update(
                session,
                "SET #proposed_at = :at",
                "(attribute_not_exists(#proposed_at) OR #proposed_at <= :before OR #proposed_at >= :after)",
                at=at,
                before=at - PROPOSAL_STANDS,
                after=at + PROPOSAL_STANDS,
            )
        except ConditionFailed:
            await self._item(session)
            return False
        return True

    async def release_take(self, session: str, take: int) -> None:
        try:
            await self._update(session, "SET #given_back = :take", "#take = :take", take=take)
        except ConditionFailed:
            await self._item(session)

    async def raise_epoch(self, session: str) -> int:
        changed = await self._must_update(
            session, "SET #epoch = if_not_exists(#epoch, :first) + :one", returning=True, first=FIRST_EPOCH, one=1
        )
        return int(changed["epoch"])

    async def advance_heard(self, session: str, take: int, heard: int) -> None:
        try:
            await self._update(
                session, "SET #heard = :heard", "#take = :take AND #heard < :heard", take=take, heard=heard
            )
        except ConditionFailed:
            item = await self._item(session)
            if item["take"] != take:
                raise _fenced(session, take, item) from None

    async def touch(self, session: str, last_frame_at: int) -> None:
        try:
            await self._update(session, "SET #last_frame_at = :at", "#last_frame_at < :at", at=last_frame_at)
        except ConditionFailed:
            await self._item(session)

    async def claim(
        self, session: str, segments: Sequence[Segment], *, unpublished: int, frontier: int, words: Sequence[Word]
    ) -> None:
        before = await self.load(session)
        first = segments[0].number
        if first != before.number + 1:
            raise _refused(session, before.number, first)
        # Only a claim changes what is claimed, and each raises `number`: the condition guards both.
        kept = [claimed for claimed in before.claimed if claimed.number >= unpublished]
        try:
            await self._update(
                session,
                "SET #number = :last, #frontier = :frontier, #words = :words, #claimed = :claimed",
                "#number = :number",
                number=before.number,
                last=segments[-1].number,
                frontier=frontier,
                words=to_words(words),
                claimed=to_claimed([*kept, *segments]),
            )
        except ConditionFailed:
            raise _refused(session, (await self._item(session))["number"], first) from None

    async def configure(
        self, session: str, *, settings: Mapping[str, str] | None = None, wanted: Sequence[str] | None = None
    ) -> None:
        changes: dict[str, Any] = {}
        if settings is not None:
            changes["settings"] = dict(settings)
        if wanted is not None:
            changes["wanted"] = list(wanted)
        if not changes:
            await self._item(session)
            return
        await self._must_update(session, "SET " + ", ".join(f"#{name} = :{name}" for name in changes), **changes)

    async def end(self, session: str, take: int, heard: int) -> None:
        # It never falls, and rises by this writer alone.
        await self.advance_heard(session, take, heard)
        try:
            await self._update(
                session,
                f"SET #state = :ended, #{EXPIRES_AT} = :expires REMOVE #{SESSIONS.index}",
                "#take = :take",
                take=take,
                ended=SessionState.ENDED.value,
                expires=self._now() + KEPT_ENDED,
            )
        except ConditionFailed:
            raise _fenced(session, take, await self._item(session)) from None

    async def _create(self, session: Session, creation: str) -> None:
        item = to_item(session) | {"creation": creation}
        if session.state is SessionState.OPEN:
            item[SESSIONS.index] = _OPEN
            item[EXPIRES_AT] = max(self._now(), session.started_at // 1000) + KEPT_OPEN
        else:
            item[EXPIRES_AT] = self._now() + KEPT_ENDED
        try:
            await self._table.put(item, f"attribute_not_exists(#id) OR #{EXPIRES_AT} <= :now", now=self._now())
        except ConditionFailed:
            if (await self._item(session.id)).get("creation") != creation:
                raise SessionExists(f"session {session.id} exists already") from None

    async def _open_take(self, session: str, opening: str) -> int:
        try:
            changed = await self._update(
                session,
                "ADD #take :one SET #opening = :opening",
                "#state = :open",
                returning=True,
                one=1,
                opening=opening,
                open=SessionState.OPEN.value,
            )
        except ConditionFailed:
            await self._item(session)
            raise Fenced(f"session {session}: expected it to be open, it has ended") from None
        return int(changed["take"])

    async def _reopen_take(self, session: str, held: int, opening: str) -> int:
        try:
            await self._update(
                session,
                "ADD #take :one SET #opening = :opening",
                "#take = :held AND #state = :open",
                one=1,
                held=held,
                opening=opening,
                open=SessionState.OPEN.value,
            )
        except ConditionFailed:
            item = await self._item(session)
            if item.get("opening") != opening:
                raise _fenced(session, held, item) from None
        return held + 1

    async def _must_update(self, session: str, update: str, **values: Any) -> Item:
        """Changes an item on no condition but that it is there."""
        try:
            return await self._update(session, update, "", **values)
        except ConditionFailed:
            raise _unknown(session) from None

    async def _update(self, session: str, update: str, condition: str, **values: Any) -> Item:
        """Changes an item that is there; raises ConditionFailed."""
        condition = f"{_ALIVE} AND {condition}" if condition else _ALIVE
        return await self._table.update(_key(session), update, condition, now=self._now(), **values)

    async def _item(self, session: str) -> Item:
        item = await self._table.get(_key(session))
        if item is None or not self._is_alive(item):
            raise _unknown(session)
        return item

    def _is_alive(self, item: Item) -> bool:
        return int(item.get(EXPIRES_AT, 0)) > self._now()

    def _now(self) -> int:
        """Epoch time in s."""
        return self._clock.now() // 1000


def _key(session: str) -> dict[str, str]:
    """The item's key; raises SessionUnknown for what is no session's id, some of which DynamoDB takes for no key."""
    if not is_session_id(session):
        raise _unknown(session)
    return {SESSIONS.key: session}


def _unknown(session: str) -> SessionUnknown:
    return SessionUnknown(f"no session {session!r} was created")


def _fenced(session: str, take: int, item: Item) -> Fenced:
    return Fenced(f"session {session}: expected take {take}, the item has {item['take']}")


def _refused(session: str, number: int, first: int) -> ClaimRefused:
    return ClaimRefused(f"session {session}: expected a claim from {number + 1}, got one from {first}")
