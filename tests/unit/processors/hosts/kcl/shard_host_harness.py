"""A shard's host whose stage does what its records say."""

from __future__ import annotations

import asyncio
from typing import Any

from processors.contract import Closing, Context, Input, Operator, Stage
from processors.hosts.kcl.shard_host import ShardHost
from shared.codec import decode, encode
from shared.metrics import MemoryMetrics
from shared.models import Segment
from shared.sessions import MemorySessionStore
from shared.settings import Settings
from shared.streams import OLDEST, Item, StreamName
from tests.support.refusing_stream import RefusingStream
from tests.support.virtual_time import VirtualClock

#: MAX_HOLD of one stage.
HOLD = 10


class ScriptedOperator(Operator):
    """Does with each segment what its text asks for; publishes the others, one a second."""

    def __init__(self, context: Context, writes: StreamName) -> None:
        self._context = context
        self._writes = writes
        self._at_end = ""

    async def process(self, received: Input) -> None:
        assert isinstance(received.record, Segment)
        text = received.record.text
        if self._context.displaced:
            # The session is another worker's: it holds what comes, and says nothing.
            if text == "regain":
                self._context.regain()
            return
        if text == "hang":
            await asyncio.Event().wait()
        if text == "fence":
            self._context.fence()
        if text == "fence when published":
            self._context.emit(self._writes, received.record)
            self._context.then(self._be_fenced)
            self._context.ack(received)
            return
        if "at the end" in text:
            self._at_end = text
            if "hold" in text:
                return
        if text == "raise":
            raise RuntimeError("my secret sentence")
        await asyncio.sleep(620 if text == "long" else 1)
        self._context.emit(self._writes, received.record)
        self._context.ack(received)

    async def _be_fenced(self) -> None:
        self._context.fence()

    async def close(self, closing: Closing) -> None:
        if closing is Closing.SHARD_END and "hang" in self._at_end:
            await asyncio.Event().wait()
        if closing is Closing.SHARD_END and self._context.key == "fails at its end":
            raise RuntimeError("at its end")
        if closing is Closing.SHUTDOWN:
            self._context.emit(self._writes, segment("last words"))


class ScriptedStage(Stage):
    def __init__(self, name: str, reads: StreamName, writes: StreamName) -> None:
        self.name = name
        self.reads = reads
        self._writes = writes

    def operator(self, context: Context) -> Operator:
        return ScriptedOperator(context, self._writes)


def segment(text: str, session: str = "talk") -> Segment:
    return Segment(session=session, captured_at=0, number=1, language="en", text=text, start=0, end=1)


def items(*texts: str, session: str = "talk") -> list[Item]:
    return [Item(number, encode(segment(text, session)), 0) for number, text in enumerate(texts, 1)]


class ShardHostHarness:
    def __init__(self, fused: int = 1) -> None:
        self.streams = {name: RefusingStream(name, clock=VirtualClock(), capacity=1 << 40) for name in StreamName}
        chain = [StreamName.SEGMENTS, StreamName.UNIQUE_SEGMENTS, StreamName.TRANSLATIONS, StreamName.SPEECH]
        stages = [ScriptedStage(f"stage-{place}", chain[place], chain[place + 1]) for place in range(fused)]
        self.host = ShardHost(
            stages,
            self.streams,
            MemorySessionStore(),
            settings=Settings(max_hold=HOLD),
            metrics=MemoryMetrics(),
            clock=VirtualClock(),
        )

    async def wrong_within(self, seconds: float) -> str | None:
        """What is wrong as soon as something is; None where nothing is for so long."""
        for _ in range(round(seconds)):
            await asyncio.sleep(1)
            if (found := self.host.fault()) is not None:
                return found
        return None

    async def read(self, stream: StreamName) -> list[Any]:
        """What is on the one shard of a stream."""
        (shard,) = await self.streams[stream].shards()
        batch = await (await self.streams[stream].reader(shard.id, OLDEST)).read()
        return [decode(item.data) for item in batch.items]
