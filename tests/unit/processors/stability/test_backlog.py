"""A slow stage fused behind stability: the item holds what that stage has not acked, and no more than fits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from processors.contract import Context, Input, Operator, Stage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from shared.codec import encode
from shared.models import FinalResult, Segment, Word
from shared.sessions import MemorySessionStore, Session
from shared.streams import Entry, MemoryStream, StreamName
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


class Slow(Stage):
    """Releases nothing until it is told to."""

    name = "slow"
    reads = StreamName.SEGMENTS

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.numbers: list[int] = []

    def operator(self, context: Context) -> Operator:
        return SlowOperator(context, self)


class SlowOperator(Operator):
    def __init__(self, context: Context, stage: Slow) -> None:
        self._context = context
        self._stage = stage

    async def process(self, received: Input) -> None:
        await self._stage.go.wait()
        assert isinstance(received.record, Segment)
        self._stage.numbers.append(received.record.number)
        self._context.ack(received)


class Counting(MemorySessionStore):
    """Knows how many claims an item had at most."""

    most = 0

    async def claim(self, session: str, segments: Sequence[Segment], **decided: Any) -> None:
        await super().claim(session, segments, **decided)
        self.most = max(self.most, len((await self.load(session)).claimed))


def final(utterance: int) -> FinalResult:
    start = utterance * 2000
    words = tuple(Word(f"w{utterance}x{n}", start + n * 300, start + n * 300 + 200, True) for n in range(5))
    return FinalResult(
        session="t", captured_at=1, take=1, utterance=utterance, start=start, end=start + 1500, position=start + 1600,
        items=words,
    )  # fmt: skip


def test_no_more_is_claimed_than_an_item_holds_until_the_stages_behind_have_acked() -> None:
    async def main() -> None:
        store = Counting()
        await store.create(Session(id="t", source_language="en", target_languages=("es",), started_at=1))
        streams = {name: MemoryStream(name) for name in StreamName}
        slow = Slow()
        host = LocalHost([[StabilityStage(), slow]], streams, store)
        host.start()
        await streams[StreamName.TRANSCRIPTS].publish([Entry("t", encode(final(n))) for n in range(1, 601)])
        await asyncio.sleep(30)
        assert (await store.load("t")).number < 200
        slow.go.set()
        await asyncio.sleep(30)
        assert slow.numbers == list(range(1, 601))
        assert store.most <= 110
        await host.stop()

    run(main())
