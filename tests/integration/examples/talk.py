"""A session on streams in LocalStack, and what leads a program there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from processors.backend import Backend
from shared.codec import decode, encode
from shared.models import AudioFrame, Record, SessionEnded, Speech, Translation
from shared.sessions import Session
from shared.streams import Entry, StreamName
from shared.streams.base import OLDEST
from shared.streams.follow import Follower
from tests.support.localstack_backend import localstack_backend
from tests.support.waiting import TIMEOUT


@dataclass
class Talk:
    """The streams and the store, as stages use them."""

    backend: Backend
    environment: Mapping[str, str]

    async def create(self, *sessions: str) -> None:
        """Sessions from English into Spanish."""
        for session in sessions:
            await self.backend.store.create(Session(id=session, source_language="en", target_languages=("es",)))

    async def publish(self, stream: StreamName, *records: Record) -> None:
        """What a stage publishes."""
        await self.backend.streams[stream].publish([Entry(record.key, encode(record)) for record in records])

    async def heard(self) -> tuple[list[AudioFrame], SessionEnded]:
        """All audio of the stream, up to the first end of a session."""
        frames: list[AudioFrame] = []
        audio = {StreamName.AUDIO: self.backend.streams[StreamName.AUDIO]}
        async with asyncio.timeout(TIMEOUT), Follower(audio, OLDEST) as follower:
            while True:
                record = decode((await follower.next()).item.data)
                if isinstance(record, SessionEnded):
                    return frames, record
                assert isinstance(record, AudioFrame)
                frames.append(record)


@asynccontextmanager
async def talk_on_localstack() -> AsyncIterator[Talk]:
    """Streams and tables of the test's own; needs `aws_environment`."""
    async with localstack_backend() as (prefix, backend):
        yield Talk(backend, {"STREAM_PREFIX": prefix, "TABLE_PREFIX": prefix})


def caption(number: int, text: str, session: str = "talk") -> Translation:
    """A caption in Spanish."""
    return Translation(session=session, captured_at=0, number=number, language="es", text=text, start=0, end=900)


def clip(number: int, payload: bytes, offset: int = 0, *, last: bool = True) -> Speech:
    """Some of a clip in Spanish, at 8000 Hz."""
    return Speech(
        session="talk",
        captured_at=0,
        number=number,
        language="es",
        offset=offset,
        payload=payload,
        rate=8000,
        attempt=1,
        last=last,
        start=0,
        end=900,
    )


def end(session: str = "talk") -> SessionEnded:
    """Nothing in Spanish follows."""
    return SessionEnded(session=session, captured_at=0, language="es")
