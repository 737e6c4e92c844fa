"""A client that speaks to a producer, and what its frames must be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from producers import AudioProducer
from shared.models import AudioFrame
from shared.sessions import MemorySessionStore, Session
from tests.support.virtual_time import EPOCH, VirtualClock
from tests.unit.producers.flaky_stream import FlakyStream

RATE = 16000
#: 100 ms of audio.
CHUNK = bytes(range(160)) * 20
TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH, rate=RATE)


def producer(stream: FlakyStream, store: MemorySessionStore | None = None, **options: Any) -> AudioProducer:
    options.setdefault("session", TALK)
    options.setdefault("clock", VirtualClock())
    return AudioProducer(stream, store or MemorySessionStore(), **options)


async def speak(to: AudioProducer, seconds: float) -> None:
    """Writes as a microphone does: a chunk of 100 ms whenever one is full."""
    for _ in range(round(seconds * 10)):
        await asyncio.sleep(0.1)
        await to.write(CHUNK)


def assert_contiguous(frames: Sequence[AudioFrame], first: int = 0) -> None:
    offset = first
    for frame in frames:
        assert frame.offset == offset
        offset += frame.samples
