"""Who has the floor of a session: its one track takes one speaker's audio at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.codec import decode
from shared.errors import CodecError, LowLatencyTranslateError, SessionExists
from shared.models import AudioFrame
from shared.sessions import Session, SessionStore
from shared.streams import Stream, StreamName
from shared.streams.base import LATEST
from shared.streams.follow import Follower

#: How long to look for audio, in s: a speaker sends some every 100 ms, or, in arrears, every 1 s.
_LOOK = 2.5
#: How old audio may be (ms) that a reader from the latest on is given.
_STALE = 1000


class FloorTaken(LowLatencyTranslateError):
    """Someone is speaking on the session."""


async def join(store: SessionStore, wanted: Session) -> tuple[Session, bool]:
    """Creates the session; or, where it was there, loads it. Returns it, and whether it is new."""
    try:
        await store.create(wanted)
    except SessionExists:
        return await store.load(wanted.id), False
    return wanted, True


async def check_free(audio: Stream, session: str) -> None:
    """Looks for 2.5 s whether audio of the session arrives, and raises FloorTaken if it does."""
    first: int | None = None
    async with Follower({StreamName.AUDIO: audio}, LATEST) as arriving:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                while True:
                    item = (await arriving.next()).item
                    if not _is_audio_of(item.data, session):
                        continue
                    first = item.arrived_at if first is None else first
                    if item.arrived_at - first > _STALE:
                        raise FloorTaken(
                            f"session {session}: someone is speaking there now; wait for the end, or choose another id"
                        )


def _is_audio_of(data: bytes, session: str) -> bool:
    try:
        record = decode(data)
    except CodecError:
        return False
    return isinstance(record, AudioFrame) and record.session == session
