"""Readers of a Kinesis shard who come when others read it already."""

from __future__ import annotations

import asyncio

import pytest

from shared.streams import LATEST, OLDEST, Start
from tests.support.effort import tries
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.scripted_stream import now
from tests.support.virtual_time import EPOCH, run
from tests.unit.shared.streams.numbered_records import SHARD, numbers, read, write

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize("delay", [0.02, 0.15])
@pytest.mark.parametrize("phase", range(tries(20)))
def test_readers_that_join_late_from_a_time_miss_nothing_and_repeat_nothing(delay: float, phase: int) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=200)
        stream = Wire(kinesis, delay).stream()
        heard: list[list[str]] = [[], []]

        async def join(into: list[str]) -> None:
            await read(await stream.reader(SHARD, Start(at=EPOCH + 1000)), into)

        tasks = [asyncio.create_task(read(await stream.reader(SHARD, LATEST), []))]
        tasks.append(asyncio.create_task(write(kinesis, 1, 1500, every=0.01)))
        await asyncio.sleep(5 + phase * 0.021)
        for into in heard:
            tasks.append(asyncio.create_task(join(into)))
            await asyncio.sleep(0.3)
        await asyncio.sleep(15)
        first = sum(round(written.at, 3) < 1 for written in kinesis.stream.shards[SHARD].records) + 1
        assert first > 50
        assert heard == [numbers(first, 1500)] * 2
        for task in tasks:
            task.cancel()

    run(main())


def test_a_reader_that_joins_others_from_a_time_hears_nothing_older() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, OLDEST), []))]
        # The shard idles: the others read it once a second, and have not seen this yet.
        await asyncio.sleep(10 + 0.05 - now())
        kinesis.stream.put("k", b"old")
        await asyncio.sleep(0.1)
        heard: list[str] = []
        tasks.append(asyncio.create_task(read(await stream.reader(SHARD, Start(at=EPOCH + 10_100)), heard)))
        await asyncio.sleep(5)
        kinesis.stream.put("k", b"new")
        await asyncio.sleep(5)
        assert heard == ["new"]
        for task in tasks:
            task.cancel()

    run(main())


def test_a_reader_that_joins_others_at_the_latest_hears_nothing_that_they_had_read() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        others: list[str] = []
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, OLDEST), others))]
        speaking = asyncio.create_task(write(kinesis, 1, 500, every=0.05))
        heard: list[list[str]] = [[] for _ in range(20)]
        firsts: list[tuple[int, int]] = []
        for into in heard:
            await asyncio.sleep(0.617)
            before = len(others)
            tasks.append(asyncio.create_task(read(await stream.reader(SHARD, LATEST), into)))
            firsts.append((before + 1, len(kinesis.stream.shards[SHARD].records) + 1))
        await speaking
        await asyncio.sleep(5)
        for into, (earliest, latest) in zip(heard, firsts, strict=True):
            assert earliest <= int(into[0]) <= latest
            assert into == numbers(int(into[0]), 500)
        for task in tasks:
            task.cancel()

    run(main())


def test_a_record_whose_arrival_time_is_behind_that_of_its_predecessor_is_not_lost() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, OLDEST), []))]
        await asyncio.sleep(10 - now())
        records = kinesis.stream.shards[SHARD].records
        await write(kinesis, 1, 4, every=0)
        for number, at in enumerate((9.5, 10.0, 9.99, 10.01)):
            records[number] = records[number]._replace(at=at)
        await asyncio.sleep(3)
        heard: list[list[str]] = [[], []]
        tasks.append(asyncio.create_task(read(await stream.reader(SHARD, Start(at=EPOCH + 10_000)), heard[0])))
        alone = Wire(kinesis).stream()
        tasks.append(asyncio.create_task(read(await alone.reader(SHARD, Start(at=EPOCH + 10_000)), heard[1])))
        await asyncio.sleep(3)
        assert heard == [numbers(2, 4)] * 2
        for task in tasks:
            task.cancel()

    run(main())


def test_who_needs_nothing_old_does_not_wait_for_those_who_catch_up() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=20)
        stream = Wire(kinesis).stream()
        await write(kinesis, 1, 1000, every=0)
        await asyncio.sleep(5)
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, LATEST), []))]
        await asyncio.sleep(5)
        tasks += [asyncio.create_task(read(await stream.reader(SHARD, OLDEST), [])) for _ in range(20)]
        await asyncio.sleep(5)
        for start in (LATEST, Start(at=EPOCH + 15_000)):
            heard: list[str] = []

            async def join(start: Start, heard: list[str]) -> None:
                await read(await stream.reader(SHARD, start), heard)

            kinesis.stream.put("k", b"before")
            await asyncio.sleep(2)
            tasks.append(asyncio.create_task(join(start, heard)))
            await asyncio.sleep(0.5)
            kinesis.stream.put("k", b"after")
            await asyncio.sleep(2)
            assert heard[-1:] == ["after"]
        for task in tasks:
            task.cancel()

    run(main())
