"""Speech of Amazon Polly leaves the stage while Polly still speaks."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from processors.contract import Closing, Stage
from processors.synthesize.engines.polly import PollySynthesizer
from processors.synthesize.stage import SynthesizeStage
from shared.models import Record, Speech, Status
from shared.sessions import MemorySessionStore, Session
from shared.streams import StreamName
from tests.support.aws_server import Asked, AwsServer, aws_server
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH
from tests.support.waiting import TIMEOUT
from tests.unit.processors.synthesize.synthesize_harness import translation

pytestmark = pytest.mark.system

__all__ = ["aws_server"]

#: What each write of the server holds: 100 ms, the length of a clip's first chunk.
SLICE = b"\x01\x02" * 1600


class PollyHarness(OperatorHarness):
    """Says when the first record is out."""

    def __init__(self, stage: Stage, key: str, *, store: MemorySessionStore) -> None:
        self.spoke = asyncio.Event()
        super().__init__(stage, key, store=store)

    def emit(self, stream: StreamName, record: Record) -> None:
        super().emit(stream, record)
        self.spoke.set()


async def test_the_first_audio_leaves_before_the_response_has_ended(aws_server: AwsServer) -> None:
    speaks_on = asyncio.Event()
    ended = asyncio.Event()

    async def slow(request: web.Request, asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        await response.write(SLICE)
        await speaks_on.wait()
        for _ in range(20):
            await response.write(SLICE)
        await response.write_eof()
        ended.set()
        return response

    aws_server.answer = slow
    store = MemorySessionStore()
    await store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH))
    harness = PollyHarness(SynthesizeStage(PollySynthesizer()), "talk/es", store=store)
    await harness.start()
    async with asyncio.timeout(TIMEOUT):
        await harness.send(translation(1))
        await harness.spoke.wait()
        assert not ended.is_set()
        first = harness.emitted[0]
        assert isinstance(first, Speech)
        assert (first.payload, first.offset, first.last, first.rate) == (SLICE, 0, False, 16_000)
        assert harness.acked == []
        speaks_on.set()
        await harness.close(Closing.SHARD_END)
    chunks = [chunk for chunk in harness.emitted if isinstance(chunk, Speech)]
    assert b"".join(chunk.payload for chunk in chunks) == SLICE * 21
    assert chunks[-1].last
    assert {chunk.status for chunk in chunks} == {Status.OK}
