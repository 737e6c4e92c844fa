"""What many listeners in one process cost on Kinesis: with one mapping of streams for all, and with one for each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from shared.aws import AwsClient
from shared.codec import encode
from shared.errors import StreamUnavailable
from shared.models import Segment, Translation
from shared.streams import StreamName
from shared.streams.kinesis import KinesisStream, kinesis_streams
from sinks import Caption, CaptionSubscriber
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.scripted_stream import ScriptedStream, now
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

PREFIX = "audio-transcription"
SESSIONS = ("talk", "panel")
LISTENERS = 50
#: Reads a second of all of them, as docs/sdk.md says. A shard is read every 0.5 s: the three shards for all together,
#: or the one or two of each listener for that one.
READS_SHARED, READS_APART = 6, 150
#: Seconds from which on every listener is live, and for which reads are counted.
JOINED, COUNTED = 15, 10


class Account:
    """Kinesis with the pipeline's streams, of one shard each, on which each session has a caption a second."""

    def __init__(self) -> None:
        self.kinesis = ScriptedKinesis()
        self.wire = Wire(self.kinesis)
        for name in StreamName:
            stream = ScriptedStream(f"{PREFIX}-{name}", 1)
            stream.ready_at = 0.0
            self.kinesis.streams[stream.name] = stream

    def streams(self) -> Mapping[StreamName, KinesisStream]:
        """A mapping of streams, as a client makes it."""
        aws: Any = SimpleNamespace(client=lambda *_: AwsClient(self.kinesis, StreamUnavailable, self.wire))
        return kinesis_streams(aws, PREFIX, 0.5)

    async def speak(self) -> None:
        for number in range(1, JOINED + COUNTED + 1):
            for session in SESSIONS:
                said: Any = {"session": session, "captured_at": 0, "number": number, "start": 0, "end": 300}
                self._put(StreamName.UNIQUE_SEGMENTS, Segment(language="en", text="Yes.", words=(), **said))
                self._put(StreamName.TRANSLATIONS, Translation(language="es", text="Sí.", **said))
            await asyncio.sleep(1)

    def _put(self, stream: StreamName, record: Segment | Translation) -> None:
        self.kinesis.streams[f"{PREFIX}-{stream}"].put(record.key, encode(record))


async def listen(account: Account, *, shared: bool) -> tuple[float, set[int]]:
    """Reads a second of all listeners together, and how many captions any of them has had meanwhile."""
    heard = [0] * LISTENERS
    streams = account.streams()

    async def count(listener: int, captions: CaptionSubscriber) -> None:
        async for event in captions:
            heard[listener] += isinstance(event, Caption)

    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(account.speak())]
        for listener in range(LISTENERS):
            # Half of them read the source language, and each session has listeners of either language.
            language, session = ("es", None)[listener % 2], SESSIONS[listener // 2 % 2]
            subscriber = CaptionSubscriber(
                streams if shared else account.streams(), session, language, clock=VirtualClock()
            )
            tasks.append(asyncio.create_task(count(listener, await stack.enter_async_context(subscriber))))
        await asyncio.sleep(JOINED - now())
        heard[:] = [0] * LISTENERS
        await asyncio.sleep(COUNTED)
        had, reads = set(heard), len(account.wire.of("get_records", JOINED)) / COUNTED
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return reads, had


@pytest.mark.parametrize(("shared", "reads_a_second"), [(True, READS_SHARED), (False, READS_APART)])
def test_listeners_that_share_their_streams_read_each_shard_once(shared: bool, reads_a_second: float) -> None:
    reads, had = run(listen(Account(), shared=shared))
    assert reads == pytest.approx(reads_a_second, rel=0.05)
    assert had == {COUNTED}
