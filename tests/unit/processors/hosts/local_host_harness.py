"""Stages small enough to see through, and what a local host runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from processors.contract import Closing, Context, Input, Operator, Stage
from processors.hosts.checkpoints import MemoryCheckpoints
from processors.hosts.local import LocalHost
from shared.codec import decode, encode
from shared.errors import SessionUnknown
from shared.metrics import MemoryMetrics
from shared.models import Record, Segment, Word
from shared.ranges import LONGEST_NAME
from shared.sessions import MemorySessionStore
from shared.streams import OLDEST, Entry, StreamName
from tests.support.refusing_stream import RefusingStream
from tests.support.virtual_time import VirtualClock

SEGMENTS, UNIQUE, TRANSLATIONS, DEAD = (
    StreamName.SEGMENTS,
    StreamName.UNIQUE_SEGMENTS,
    StreamName.TRANSLATIONS,
    StreamName.DEAD_LETTERS,
)


def segment(number: int, session: str = "talk") -> Segment:
    return Segment(
        session=session, captured_at=0, number=number, language="en", text=f"text {number}", start=0, end=100
    )


class CopyOperator(Operator):
    """Passes every segment on; what a text asks for, it does."""

    def __init__(self, context: Context, writes: StreamName) -> None:
        self.context = context
        self.writes = writes
        self.kept: list[Input] = []

    async def start(self) -> None:
        if self.context.key == "unknown":
            raise SessionUnknown("no session 'unknown' was created")

    async def process(self, received: Input) -> None:
        record = received.record
        assert isinstance(record, Segment)
        if self.context.displaced:
            # The session is another worker's: it holds what comes, and says nothing.
            return
        if record.text == "raise":
            raise RuntimeError("cannot stand this one")
        if record.text == "fail later":
            record = replace(record, text="failed")
            self.context.spawn(self.fail())
        if record.text == "fence":
            self.context.emit(self.writes, record)
            self.context.then(asyncio.Event().wait)  # type: ignore[arg-type]
            self.context.fence()
        if record.text == "keep":
            self.kept.append(received)
            return
        self.context.emit(self.writes, record)
        self.context.ack(received)
        if record.text == "let go":
            for kept in self.kept:
                self.context.emit(self.writes, kept.record)
                self.context.ack(kept)

    async def fail(self) -> None:
        raise RuntimeError("the work beside the operator failed")

    async def close(self, closing: Closing) -> None:
        if closing is Closing.SHARD_END:
            for kept in self.kept:
                self.context.emit(self.writes, kept.record)
                self.context.ack(kept)


class OverstatingOperator(CopyOperator):
    """Passes on what no stream takes, and what the stage behind it cannot stand."""

    async def process(self, received: Input) -> None:
        record = received.record
        assert isinstance(record, Segment)
        self.context.emit(self.writes, replace(record, text="raise", words=(Word("x" * (LONGEST_NAME + 1), 0, 100),)))
        self.context.ack(received)


class CopyStage(Stage):
    def __init__(self, name: str, reads: StreamName, writes: StreamName, *, internal: bool = False) -> None:
        self.internal = frozenset({writes} if internal else ())
        self.name = name
        self.reads = reads
        self.writes = writes

    def operator(self, context: Context) -> Operator:
        return CopyOperator(context, self.writes)


class OverstatingStage(CopyStage):
    def operator(self, context: Context) -> Operator:
        return OverstatingOperator(context, self.writes)


class LocalHostHarness:
    def __init__(self) -> None:
        self.streams = {name: RefusingStream(name, clock=VirtualClock()) for name in StreamName}
        self.store = MemorySessionStore()
        self.checkpoints = MemoryCheckpoints()
        self.metrics = MemoryMetrics()

    def host(self, *applications: Sequence[Stage]) -> LocalHost:
        host = LocalHost(
            applications or [[CopyStage("dedup", SEGMENTS, UNIQUE)]],
            self.streams,
            self.store,
            checkpoints=self.checkpoints,
            metrics=self.metrics,
            clock=VirtualClock(),
        )
        host.start()
        return host

    async def put(self, *records: Record | bytes, stream: StreamName = SEGMENTS) -> None:
        for record in records:
            data = record if isinstance(record, bytes) else encode(record)
            await self.streams[stream].publish([Entry("any" if isinstance(record, bytes) else record.key, data)])

    async def read(self, stream: StreamName = UNIQUE) -> list[Any]:
        records: list[Any] = []
        for shard in await self.streams[stream].shards():
            reader = await self.streams[stream].reader(shard.id, OLDEST)
            while True:
                try:
                    async with asyncio.timeout(0.001):
                        batch = await reader.read()
                except TimeoutError:
                    break
                records += [decode(item.data) for item in batch.items]
                if batch.ended:
                    break
        return records


def numbers(records: Sequence[Any]) -> list[int]:
    return [record.number for record in records]
