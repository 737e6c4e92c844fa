"""Readers of Kinesis that take their time."""

from __future__ import annotations

import asyncio

import pytest

from shared.streams import OLDEST, ShardReader
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.scripted_stream import now
from tests.support.virtual_time import EPOCH, run

pytestmark = pytest.mark.hermetic

SHARD = "shardId-000000000000"
#: All records share it: what waits is counted, yet costs this process nothing.
PAYLOAD = bytes((1 << 20) - 1)


def put(kinesis: ScriptedKinesis, records: int) -> None:
    for _ in range(records):
        kinesis.stream.put("k", PAYLOAD)


async def take(reader: ShardReader, sequences: list[int], lags: list[float], pause: float = 0.0) -> None:
    """Reads to the shard's end, resting between two reads."""
    while True:
        batch = await reader.read()
        sequences += [item.sequence for item in batch.items]
        lags += [now() - (item.arrived_at - EPOCH) / 1000 for item in batch.items]
        if batch.ended:
            return
        await asyncio.sleep(pause)


@pytest.mark.parametrize("pause", [9.0, 40.0])
def test_a_reader_that_is_too_slow_gets_every_record_once_and_holds_up_no_other(pause: float) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=20)
        wire = Wire(kinesis)
        stream = wire.stream()
        fast, slow = [], []  # type: list[int], list[int]
        lags: list[float] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(take(await stream.reader(SHARD, OLDEST), fast, lags))
            group.create_task(take(await stream.reader(SHARD, OLDEST), slow, [], pause))
            for _ in range(300):
                put(kinesis, 1)
                await asyncio.sleep(0.1)
            # It stops reading in time, and reads on by itself from where it was.
            assert len(fast) >= 295
            kinesis.stream.split(SHARD)
        written = [record.sequence for record in kinesis.stream.shards[SHARD].records]
        assert fast == slow == written
        assert max(lags) < 1.1
        assert len(wire.of("get_shard_iterator")) > 2

    run(main())


def test_a_reader_whose_feed_ends_while_it_is_too_slow_reads_to_the_end() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        reader = await stream.reader(SHARD, OLDEST)
        assert not (await reader.read()).items
        put(kinesis, 70)
        await asyncio.sleep(5)
        put(kinesis, 10)
        kinesis.stream.split(SHARD)
        await asyncio.sleep(5)
        sequences: list[int] = []
        await take(reader, sequences, [])
        assert sequences == [record.sequence for record in kinesis.stream.shards[SHARD].records]

    run(main())


def test_the_only_reader_is_waited_for_by_nobody_and_loses_nothing() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=30)
        wire = Wire(kinesis)
        sequences: list[int] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(take(await wire.stream().reader(SHARD, OLDEST), sequences, [], 20.0))
            for _ in range(10):
                put(kinesis, 40)
                await asyncio.sleep(3)
            kinesis.stream.split(SHARD)
        assert sequences == [record.sequence for record in kinesis.stream.shards[SHARD].records]

    run(main())


def test_a_reader_that_keeps_up_never_has_to_read_by_itself_however_much_it_reads() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        sequences: list[int] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(take(await wire.stream().reader(SHARD, OLDEST), sequences, []))
            for _ in range(100):
                put(kinesis, 2)
                await asyncio.sleep(0.1)
            kinesis.stream.split(SHARD)
        assert len(sequences) == 200
        assert len(wire.of("get_shard_iterator")) == 1

    run(main())
