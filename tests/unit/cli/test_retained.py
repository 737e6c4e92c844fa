"""Reading what a stream holds, once."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import StreamUnavailable
from shared.streams import OLDEST, Start
from shared.streams.kinesis.retained import read_retained
from tests.support.scripted_kinesis import STREAM, THROTTLED, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import VirtualClock
from tests.unit.cli.scripted_aws import ScriptedAws, scripted

pytestmark = pytest.mark.hermetic


async def read(aws: ScriptedAws, start: Start = OLDEST) -> list[str]:
    return [item.data.decode() async for _, item in read_retained(aws, STREAM, start, VirtualClock())]


def put(aws: ScriptedAws, *records: str) -> None:
    for record in records:
        aws.kinesis.stream.put("key", record.encode())


def test_an_empty_stream_is_read_to_its_end_at_once() -> None:
    async def work(aws: ScriptedAws) -> None:
        assert await read(aws) == []
        assert now() < 1

    scripted(work)


def test_reads_that_bring_nothing_are_not_the_end() -> None:
    async def work(aws: ScriptedAws) -> None:
        put(aws, "1", "2", "3")
        aws.kinesis.blanks, aws.kinesis.page = 4, 2
        await asyncio.sleep(1)
        assert await read(aws) == ["1", "2", "3"]

    scripted(work)


def test_a_first_record_that_is_read_again_and_again_comes_once() -> None:
    async def work(aws: ScriptedAws) -> None:
        put(aws, "1")
        aws.kinesis.repeating = True
        await asyncio.sleep(1)
        assert await read(aws) == ["1"]

    scripted(work)


def test_parents_come_before_their_children_and_each_shard_says_what_stands_on_it() -> None:
    async def work(aws: ScriptedAws) -> None:
        stream = aws.kinesis.stream
        put(aws, "parent")
        left, right = stream.split(next(iter(stream.shards)))
        put(aws, "child")
        stream.merge(left, right)
        put(aws, "grandchild")
        # Listed youngest first.
        stream.shards = dict(reversed(stream.shards.items()))
        await asyncio.sleep(1)
        found = [(shard, item.data.decode()) async for shard, item in read_retained(aws, STREAM, clock=VirtualClock())]
        assert [data for _, data in found] == ["parent", "child", "grandchild"]
        assert len({shard for shard, _ in found}) == 3

    scripted(work)


def test_a_writer_that_does_not_rest_does_not_hold_the_reader() -> None:
    async def work(aws: ScriptedAws) -> None:
        async def write() -> None:
            while True:
                put(aws, "new")
                await asyncio.sleep(0.005)

        put(aws, "old")
        await asyncio.sleep(1)
        writer = asyncio.create_task(write())
        async with asyncio.timeout(5):
            found = await read(aws)
        writer.cancel()
        assert found[0] == "old"

    scripted(work)


def test_it_begins_where_it_is_told_to() -> None:
    async def work(aws: ScriptedAws) -> None:
        put(aws, "early")
        await asyncio.sleep(10)
        at = VirtualClock().now()
        put(aws, "late")
        await asyncio.sleep(10)
        assert await read(aws, Start(at=at)) == ["late"]

    scripted(work)


def test_a_stream_that_refuses_for_long_is_an_error_and_one_that_refuses_for_a_while_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(aws: ScriptedAws) -> None:
        put(aws, "1")
        await asyncio.sleep(1)
        until = now() + 10
        throttled = refusal(THROTTLED)
        aws.kinesis.fail = lambda call: throttled if call.operation == "get_records" and now() < until else None
        assert await read(aws) == ["1"]
        until = float("inf")
        begun = now()
        with pytest.raises(StreamUnavailable, match=f"{STREAM} shardId-000000000000 could not be read for 30 s"):
            await read(aws)
        assert now() - begun < 31

    scripted(work)
