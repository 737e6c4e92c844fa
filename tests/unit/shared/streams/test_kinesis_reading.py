"""Reading Kinesis: where a reader begins, what it shares with others, and where it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.errors import ResourceMissing, StreamUnavailable
from shared.streams import LATEST, OLDEST, Entry, Item, ShardReader, Start, Stream
from tests.support.scripted_kinesis import STREAM, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import EPOCH, run
from tests.unit.shared.streams.numbered_records import SHARD, numbers, read, write

pytestmark = pytest.mark.hermetic


async def items(reader: ShardReader) -> AsyncIterator[Item]:
    while True:
        for item in (await reader.read()).items:
            yield item


def test_reading_begins_where_it_is_told_to() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=2)
        stream = Wire(kinesis).stream()
        await write(kinesis, 1, 6, every=1)
        reader = await stream.reader(SHARD, OLDEST)
        found = [await anext(entries) for entries in [items(reader)] for _ in range(6)]
        assert [item.data.decode() for item in found] == numbers(1, 6)
        assert [item.arrived_at for item in found] == [EPOCH + 1000 * n for n in range(6)]
        assert [item.sequence for item in found] == [
            written.sequence for written in kinesis.stream.shards[SHARD].records
        ]
        for start, first in (
            (Start(after=found[3].sequence), 5),
            (Start(at=EPOCH + 2500), 4),
            (Start(at=EPOCH + 3000), 4),
        ):
            heard: list[str] = []
            later = asyncio.create_task(read(await stream.reader(SHARD, start), heard))
            await asyncio.sleep(3)
            later.cancel()
            assert heard == numbers(first, 6)

    run(main())


def test_the_latest_is_what_comes_after_the_reader_was_made_however_late_it_reads() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        kinesis.stream.put("k", b"old")
        reader = await Wire(kinesis).stream().reader(SHARD, LATEST)
        kinesis.stream.put("k", b"new")
        await asyncio.sleep(3)
        assert [item.data for item in (await reader.read()).items] == [b"new"]

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH)])
def test_a_read_that_brings_nothing_is_not_the_tip_where_kinesis_says_so(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        heard: list[list[str]] = [[], []]
        reading = asyncio.create_task(read(await stream.reader(SHARD, start), heard[0]))
        await asyncio.sleep(5)
        kinesis.blanks = 7
        await write(kinesis, 1, 9, every=0.3)
        joining = asyncio.create_task(read(await stream.reader(SHARD, OLDEST), heard[1]))
        await asyncio.sleep(10)
        assert heard == [numbers(1, 9)] * 2
        reading.cancel()
        joining.cancel()

    run(main())


def test_a_record_that_is_read_again_and_again_is_heard_once() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        # As LocalStack does it.
        kinesis.repeating = True
        stream = Wire(kinesis).stream()
        heard: list[list[str]] = [[], [], []]
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, OLDEST), heard[0]))]
        kinesis.stream.put("k", b"1")
        for into in heard[1:]:
            await asyncio.sleep(5)
            tasks.append(asyncio.create_task(read(await stream.reader(SHARD, Start(at=EPOCH)), into)))
        await asyncio.sleep(5)
        kinesis.stream.put("k", b"2")
        await asyncio.sleep(5)
        assert heard == [numbers(1, 2)] * 3
        for task in tasks:
            task.cancel()

    run(main())


async def reads_of(readers: int) -> int:
    """GetRecords calls in the minute after so many readers have joined a busy shard."""
    kinesis = ScriptedKinesis()
    wire = Wire(kinesis)
    stream = wire.stream()
    begun = now()
    heard: list[list[str]] = [[] for _ in range(readers)]
    async with asyncio.TaskGroup() as group:
        taking = [group.create_task(read(await stream.reader(SHARD, OLDEST), into)) for into in heard]
        await write(kinesis, 1, 230, every=0.3)
        await asyncio.sleep(1)
        for task in taking:
            task.cancel()
    assert heard == [numbers(1, 230)] * readers
    return len([call for call in wire.of("get_records", begun + 5) if call.begun < begun + 65])


def test_five_readers_of_a_shard_cost_as_many_reads_as_one() -> None:
    async def main() -> None:
        assert await reads_of(1) == pytest.approx(60 / 0.4, abs=2)
        assert await reads_of(5) == pytest.approx(60 / 0.4, abs=2)

    run(main())


def test_reading_stops_when_the_last_reader_is_closed_and_begins_again_with_the_next() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        stream = wire.stream()
        readers = [await stream.reader(SHARD, LATEST) for _ in range(2)]
        tasks = [asyncio.create_task(read(reader, [])) for reader in readers]
        await asyncio.sleep(5)
        for reader, task in zip(readers, tasks, strict=True):
            assert len(wire.of("get_records", now() - 2)) >= 2
            task.cancel()
            reader.close()
            await asyncio.sleep(5)
        assert wire.of("get_records", now() - 4.9) == []
        kinesis.stream.put("k", b"a")
        reader = await stream.reader(SHARD, OLDEST)
        assert (await anext(items(reader))).data == b"a"

    run(main())


@pytest.mark.parametrize("readers", [1, 3])
def test_a_closed_shard_ends_behind_its_last_record_and_is_read_no_more(readers: int) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        stream = wire.stream()
        heard: list[list[str]] = [[] for _ in range(readers)]
        async with asyncio.TaskGroup() as group:
            for into in heard:
                group.create_task(read(await stream.reader(SHARD, OLDEST), into))
            await write(kinesis, 1, 20, every=0.1)
            kinesis.stream.split(SHARD)
            begun = now()
        assert now() - begun < 1
        assert heard == [numbers(1, 20)] * readers
        late: list[str] = []
        await read(await stream.reader(SHARD, Start(at=EPOCH + 1000)), late)
        assert late == numbers(11, 20)
        begun = now()
        await asyncio.sleep(60)
        assert wire.of("get_records", begun) == []

    run(main())


def test_every_shard_is_listed_with_its_parents_also_closed_ones() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=6)
        first, second = kinesis.stream.split(SHARD)
        child = kinesis.stream.merge(first, second)
        listed = {shard.id: shard.parents for shard in await Wire(kinesis).stream().shards()}
        assert list(listed) == [f"shardId-{n:012}" for n in range(9)]
        assert listed[first] == listed[second] == (SHARD,)
        assert listed[child] == (first, second)

    run(main())


async def shards(stream: Stream) -> None:
    await stream.shards()


async def publish(stream: Stream) -> None:
    await stream.publish([Entry("k", b"x")])


async def open_reader(stream: Stream) -> None:
    await stream.reader(SHARD, LATEST)


@pytest.mark.parametrize("use", [shards, publish, open_reader])
def test_a_stream_that_does_not_exist_is_missing_and_the_error_says_how_to_make_it(use: object) -> None:
    async def main() -> None:
        stream = Wire(ScriptedKinesis()).stream("other")
        with pytest.raises(ResourceMissing, match=r"stream other does not exist .*llt streams create"):
            await use(stream)  # type: ignore[operator]

    run(main())


@pytest.mark.parametrize("caught_up", [False, True])
def test_a_reader_is_told_when_its_stream_vanishes_and_how_to_make_it(caught_up: bool) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=1)
        kinesis.stream.put("k", b"a")
        kinesis.stream.put("k", b"b")
        reader = await Wire(kinesis).stream().reader(SHARD, OLDEST)
        for _ in range(2 if caught_up else 1):
            assert (await reader.read()).items
        del kinesis.streams[STREAM]
        with pytest.raises(ResourceMissing, match=rf"stream {STREAM} does not exist .*llt streams create"):
            async with asyncio.timeout(60):
                while True:
                    await reader.read()

    run(main())


def test_a_reader_cannot_be_had_while_kinesis_is_unavailable() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        kinesis.fail = lambda call: refusal("InternalFailure", status=500)
        with pytest.raises(StreamUnavailable):
            await Wire(kinesis).stream().reader(SHARD, LATEST)

    run(main())
