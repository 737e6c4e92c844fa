"""A session's one track takes one speaker's audio at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from shared.codec import decode
from shared.errors import CodecError, LowLatencyTranslateError, SessionExists, SessionOver, SessionUnknown
from shared.models import AudioFrame, SessionEnded
from shared.sessions import Session, SessionStore
from shared.streams import Stream, StreamName
from shared.streams.base import LATEST, OLDEST, Start
from shared.streams.follow import Follower

#: How long to wait for audio, in s: a speaker sends some every 100 ms, or, in arrears, every 1 s.
_WAIT = 2.5
#: How old audio may be (ms) that a reader from the latest on is given.
_STALE = 1000
#: How far (ms) the stream's clock may be behind that of a client.
_SKEW = 60_000


class AnotherSpeaker(LowLatencyTranslateError):
    """Someone is speaking on the session."""


async def join(store: SessionStore, wanted: Session, check: Callable[[Session], None]) -> tuple[Session, bool]:
    """Creates the session; or, where it was there, loads it. Returns it, and whether it is new.

    `check` is asked about the one or the other first, and may raise.
    """
    try:
        found = await store.load(wanted.id)
    except SessionUnknown:
        check(wanted)
        with suppress(SessionExists):
            await store.create(wanted)
            return wanted, True
        found = await store.load(wanted.id)
    check(found)
    return found, False


async def check_free(audio: Stream, session: str) -> None:
    """Looks for 2.5 s whether audio of the session arrives, and raises AnotherSpeaker if it does."""
    first: int | None = None
    async with Follower({StreamName.AUDIO: audio}, LATEST) as arriving:
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT):
                while True:
                    item = (await arriving.next()).item
                    if not _is_audio_of(item.data, session):
                        continue
                    first = item.arrived_at if first is None else first
                    if item.arrived_at - first > _STALE:
                        raise AnotherSpeaker(
                            f"session {session}: someone is speaking there now; wait for the end, or choose another id"
                        )


async def check_not_ending(audio: Stream, session: Session) -> None:
    """Raises SessionOver where the session's end stands on the stream, and no worker has read it yet.

    Looks for 2.5 s at most, from the newest audio on that a worker has noted.
    """
    begun = session.last_frame_at or session.started_at
    start = Start(at=begun - _SKEW) if begun > _SKEW else OLDEST
    with suppress(TimeoutError):
        async with asyncio.timeout(_WAIT), Follower({StreamName.AUDIO: audio}, start) as retained:
            async for found in retained.backlog():
                if _ends(found.item.data, session.id):
                    raise SessionOver(f"session {session.id}: its end is on its way to the workers; choose another id")


def _ends(data: bytes, session: str) -> bool:
    try:
        record = decode(data)
    except CodecError:
        return False
    return isinstance(record, SessionEnded) and record.session == session


def _is_audio_of(data: bytes, session: str) -> bool:
    try:
        record = decode(data)
    except CodecError:
        return False
    return isinstance(record, AudioFrame) and record.session == session
