"""Readers of a Kinesis shard whose calls are slow, while others read it or begin to."""

from __future__ import annotations

import asyncio

import pytest

from shared.streams import LATEST, OLDEST, ShardReader, Start
from tests.support.scripted_kinesis import ScriptedKinesis, Wire, refusal
from tests.support.virtual_time import EPOCH, run

pytestmark = pytest.mark.hermetic

SHARD = "shardId-000000000000"
#: Records share it: many of them are much to keep for the product, and nothing for this process.
LARGE = bytes((1 << 20) - 1)


class ReaderHarness:
    """A shard and its readers; `heard` is the sequence numbers of the one that matters."""

    def __init__(self, delay: float = 0.02) -> None:
        self.kinesis = ScriptedKinesis()
        self.wire = Wire(self.kinesis, delay)
        self.stream = self.wire.stream()
        self.heard: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def another(self, start: Start) -> None:
        """Another reader reads."""
        self.read(await self.stream.reader(SHARD, start), [])

    def read(self, reader: ShardReader, heard: list[int] | None = None) -> None:
        into = self.heard if heard is None else heard
        self._tasks.append(asyncio.create_task(self._take(reader, into)))

    async def _take(self, reader: ShardReader, into: list[int]) -> None:
        while True:
            into.extend(item.sequence for item in (await reader.read()).items)

    def put(self, count: int, data: bytes = b"x") -> list[int]:
        """Writes records from elsewhere; their sequence numbers."""
        return [int(self.kinesis.stream.put("k", data)["SequenceNumber"]) for _ in range(count)]

    def out(self, *, of_order: bool) -> None:
        """Nothing can be read, or everything again."""
        self.kinesis.fail = lambda call: (
            refusal("InternalFailure") if of_order and call.operation == "get_records" else None
        )

    async def end(self) -> None:
        await asyncio.sleep(10)
        for task in self._tasks:
            task.cancel()


def test_a_reader_of_the_latest_that_begins_to_read_late_has_what_a_feed_read_that_others_began_meanwhile() -> None:
    async def main() -> None:
        harness = ReaderHarness(delay=0.1)
        await harness.another(OLDEST)
        await asyncio.sleep(0.05)
        # Its place is being taken when the other comes to the tip.
        reader = await harness.stream.reader(SHARD, LATEST)
        expected = harness.put(3)
        await asyncio.sleep(5)
        harness.read(reader)
        await harness.end()
        assert harness.heard == expected

    run(main())


def test_a_reader_of_the_latest_that_joined_in_an_outage_and_begins_to_read_late_misses_nothing() -> None:
    async def main() -> None:
        harness = ReaderHarness()
        await harness.another(OLDEST)
        await asyncio.sleep(5)
        harness.out(of_order=True)
        await asyncio.sleep(5)
        reader = await harness.stream.reader(SHARD, LATEST)
        expected = harness.put(3)
        harness.out(of_order=False)
        await asyncio.sleep(5)
        harness.read(reader)
        await harness.end()
        assert harness.heard == expected

    run(main())


def test_a_reader_of_the_latest_that_joined_in_an_outage_hears_nothing_from_before() -> None:
    async def main() -> None:
        harness = ReaderHarness()
        await harness.another(OLDEST)
        await asyncio.sleep(5)
        harness.out(of_order=True)
        await asyncio.sleep(5)
        harness.put(3)
        await asyncio.sleep(30)
        harness.read(await harness.stream.reader(SHARD, LATEST))
        await asyncio.sleep(30)
        expected = harness.put(3)
        harness.out(of_order=False)
        await harness.end()
        assert harness.heard == expected

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 10_000)])
@pytest.mark.parametrize("records", [1, 3, 10])
def test_what_a_feed_reads_while_a_reader_waits_for_its_own_slow_read_is_not_lost(start: Start, records: int) -> None:
    async def main() -> None:
        harness = ReaderHarness()
        before = harness.put(2)
        await asyncio.sleep(1)
        await harness.another(LATEST)
        # Between two reads of the feed.
        await asyncio.sleep(8.5)
        if start == LATEST:
            harness.out(of_order=True)
            await asyncio.sleep(5)
        reader = await harness.stream.reader(SHARD, start)
        harness.out(of_order=False)
        harness.wire.delay = 8.0
        harness.read(reader)
        await asyncio.sleep(0.01)
        harness.wire.delay = 0.02
        # What it reads has been read at Kinesis, and is answered later than what the feed reads behind it.
        await asyncio.sleep(4.5)
        expected = harness.put(records, LARGE)
        await harness.end()
        assert harness.heard == (before if start == OLDEST else []) + expected

    run(main())


def test_what_came_before_a_feed_that_others_begin_while_a_reader_waits_for_its_own_slow_read_is_not_lost() -> None:
    async def main() -> None:
        harness = ReaderHarness()
        expected = harness.put(2)
        reader = await harness.stream.reader(SHARD, OLDEST)
        harness.wire.delay = 8.0
        harness.read(reader)
        await asyncio.sleep(4.5)
        harness.wire.delay = 0.02
        expected += harness.put(3)
        await harness.another(LATEST)
        expected += harness.put(3)
        await harness.end()
        assert harness.heard == expected

    run(main())


def test_who_joins_from_a_moment_at_which_several_records_arrived_gets_them_all() -> None:
    async def main() -> None:
        harness = ReaderHarness()
        await asyncio.sleep(1)
        expected = harness.put(3)
        await asyncio.sleep(1)
        await harness.another(Start(after=expected[1]))
        await asyncio.sleep(3)
        harness.read(await harness.stream.reader(SHARD, Start(at=EPOCH + 1000)))
        await harness.end()
        assert harness.heard == expected

    run(main())
