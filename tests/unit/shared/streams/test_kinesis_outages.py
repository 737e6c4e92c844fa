"""Reading Kinesis while it throttles, fails, or has forgotten an iterator."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from shared.aws import AwsError
from shared.streams import LATEST, OLDEST, Start
from tests.support.scripted_kinesis import ENDPOINT, THROTTLED, Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import EPOCH, run
from tests.unit.shared.streams.numbered_records import SHARD, numbers, read

pytestmark = pytest.mark.hermetic


def put(kinesis: ScriptedKinesis, first: int, last: int) -> None:
    for number in range(first, last + 1):
        kinesis.stream.put("k", str(number).encode())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH)])
def test_reading_goes_on_behind_the_last_record_when_its_iterator_has_expired(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        heard: list[str] = []
        reading = asyncio.create_task(read(await Wire(kinesis).stream().reader(SHARD, start), heard))
        for first in range(1, 100, 3):
            put(kinesis, first, first + 2)
            await asyncio.sleep(1.3)
            kinesis.expire_iterators()
        await asyncio.sleep(5)
        assert heard == numbers(1, 99)
        reading.cancel()

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 1000)])
def test_what_came_before_an_iterator_expired_for_the_first_time_is_not_lost(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        if start is LATEST:
            put(kinesis, 0, 0)
        await asyncio.sleep(2)
        heard: list[str] = []
        reading = asyncio.create_task(read(await wire.stream().reader(SHARD, start), heard))
        await asyncio.sleep(30.5)
        put(kinesis, 1, 3)
        kinesis.expire_iterators()
        await asyncio.sleep(30)
        assert heard == numbers(1, 3)
        assert len(wire.of("get_shard_iterator")) == 2
        reading.cancel()

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 1000)])
def test_what_came_is_not_lost_when_the_renewed_iterator_expires_unread_too(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        await asyncio.sleep(2)
        heard: list[str] = []
        reading = asyncio.create_task(read(await wire.stream().reader(SHARD, start), heard))
        await asyncio.sleep(30.5)
        put(kinesis, 1, 3)
        since = now()

        def fail(call: Call) -> Exception | None:
            renewed = wire.of("get_shard_iterator", since)
            return refusal("InternalFailure") if renewed and call.operation == "get_records" else None

        # Behind each renewal nothing can be read until the iterator is too old again.
        kinesis.fail = fail
        for _ in range(3):
            since = now()
            kinesis.expire_iterators()
            await asyncio.sleep(100)
        assert heard == []
        kinesis.fail = lambda call: None
        await asyncio.sleep(10)
        assert heard == numbers(1, 3)
        reading.cancel()

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 1000)])
def test_what_came_is_not_lost_when_the_iterator_expires_behind_reads_that_brought_nothing_yet(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        await asyncio.sleep(2)
        heard: list[str] = []
        reading = asyncio.create_task(read(await Wire(kinesis).stream().reader(SHARD, start), heard))
        await asyncio.sleep(30)
        kinesis.blanks = 30
        put(kinesis, 1, 3)
        await asyncio.sleep(20)
        assert 0 < kinesis.blanks < 30
        kinesis.expire_iterators()
        kinesis.blanks = 0
        await asyncio.sleep(10)
        assert heard == numbers(1, 3)
        reading.cancel()

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 1000)])
def test_a_reader_that_begins_to_read_long_after_it_was_made_has_lost_nothing(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        if start is LATEST:
            put(kinesis, 0, 0)
        await asyncio.sleep(2)
        reader = await Wire(kinesis).stream().reader(SHARD, start)
        await asyncio.sleep(200)
        put(kinesis, 1, 3)
        await asyncio.sleep(200)
        heard: list[str] = []
        reading = asyncio.create_task(read(reader, heard))
        await asyncio.sleep(10)
        assert heard == numbers(1, 3)
        reading.cancel()

    run(main())


def test_an_iterator_that_cannot_be_renewed_at_once_is_renewed_later() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        heard: list[str] = []
        reading = asyncio.create_task(read(await Wire(kinesis).stream().reader(SHARD, OLDEST), heard))
        put(kinesis, 1, 3)
        await asyncio.sleep(5)
        kinesis.expire_iterators()
        kinesis.fail = lambda call: refusal(THROTTLED) if call.operation == "get_shard_iterator" else None
        put(kinesis, 4, 6)
        await asyncio.sleep(5)
        kinesis.fail = lambda call: None
        await asyncio.sleep(5)
        assert heard == numbers(1, 6)
        reading.cancel()

    run(main())


OUTAGES = [
    refusal(THROTTLED, "Rate exceeded for shard shardId-000000000000"),
    refusal("InternalFailureException", status=500),
    ReadTimeoutError(endpoint_url=ENDPOINT),
    EndpointConnectionError(endpoint_url=ENDPOINT),
]


@pytest.mark.parametrize("caught_up", [False, True])
@pytest.mark.parametrize("failure", OUTAGES)
def test_an_outage_is_waited_out_with_ever_longer_waits_and_nothing_is_lost(
    failure: Exception, caught_up: bool
) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=2)
        wire = Wire(kinesis)
        heard: list[str] = []
        reading = asyncio.create_task(read(await wire.stream().reader(SHARD, OLDEST), heard))
        put(kinesis, 1, 3)
        if caught_up:
            await asyncio.sleep(5)
            assert heard == numbers(1, 3)
        begun = now()
        kinesis.fail = lambda call: failure if now() < begun + 60 else None
        put(kinesis, 4, 9)
        await asyncio.sleep(60)
        tries = wire.of("get_records", begun)
        waits = [after.begun - (before.ended or 0) for before, after in pairwise(tries)]
        for failures, wait in enumerate(waits[1:6]):
            assert wait <= 0.2 * 2**failures + 1e-6
        for wait in waits[6:]:
            assert 1 - 1e-6 <= wait <= 2 + 1e-6
        assert 30 < len(tries) < 70
        await asyncio.sleep(5)
        assert heard == numbers(1, 9)
        reading.cancel()

    run(main())


def test_a_shard_that_is_throttled_does_not_hold_up_the_others() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        stream = Wire(kinesis).stream()
        heard: list[list[str]] = [[], []]
        shards = kinesis.stream.open
        tasks = [
            asyncio.create_task(read(await stream.reader(shard.id, OLDEST), into))
            for shard, into in zip(shards, heard, strict=True)
        ]
        key = next(f"key {n}" for n in range(99) if kinesis.stream.shard_of(f"key {n}") is shards[1])
        await asyncio.sleep(5)

        def fail(call: Call) -> Exception | None:
            iterator = kinesis.iterators.get(call.parameters.get("ShardIterator", ""))
            return refusal(THROTTLED) if iterator and iterator.shard is shards[0] else None

        kinesis.fail = fail
        for number in range(10):
            kinesis.stream.put(key, str(number).encode())
            await asyncio.sleep(1.1)
            assert heard[1] == numbers(0, number)
        for task in tasks:
            task.cancel()

    run(main())


@pytest.mark.parametrize("caught_up", [False, True])
def test_what_is_no_outage_is_told_to_every_reader(caught_up: bool) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        readers = [await stream.reader(SHARD, LATEST) for _ in range(2)]
        tasks = [asyncio.create_task(read(reader, [])) for reader in readers]
        if caught_up:
            await asyncio.sleep(5)
        kinesis.fail = lambda call: refusal("InvalidArgumentException", "no such place")
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            assert isinstance(outcome, AwsError)
            assert outcome.code == "InvalidArgumentException"

    run(main())


def test_giving_up_the_wait_for_records_loses_none() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=2)
        reader = await Wire(kinesis, delay=0.1).stream().reader(SHARD, OLDEST)
        heard: list[str] = []
        for number in range(1, 500):
            if number % 7 == 0 and number < 395:
                put(kinesis, number // 7, number // 7)
            try:
                async with asyncio.timeout(0.03 + number % 5 * 0.05):
                    heard.extend(item.data.decode() for item in (await reader.read()).items)
            except TimeoutError:
                pass
        assert heard == numbers(1, 56)

    run(main())
