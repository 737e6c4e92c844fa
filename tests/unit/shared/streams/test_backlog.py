"""What a follower calls its backlog: everything that stood on the streams when it came, however slow they are."""

from __future__ import annotations

import asyncio

import pytest

from shared.streams import LATEST, OLDEST, Start, StreamName
from shared.streams.follow import Follower
from tests.support.scripted_kinesis import THROTTLED, Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import EPOCH, run

pytestmark = pytest.mark.hermetic

NAME = StreamName.AUDIO


async def heard(follower: Follower) -> list[str]:
    return [followed.item.data.decode() async for followed in follower.backlog()]


def put(kinesis: ScriptedKinesis, first: int, last: int) -> None:
    for number in range(first, last + 1):
        kinesis.stream.put(f"key {number}", str(number).encode())


def numbers(first: int, last: int) -> list[str]:
    return sorted(str(number) for number in range(first, last + 1))


@pytest.mark.parametrize("delay", [0.02, 4.0])
@pytest.mark.parametrize("page", [1, 10_000])
def test_it_ends_at_the_tip_of_every_shard_however_long_a_read_takes(delay: float, page: int) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2, page=page)
        put(kinesis, 1, 10)
        async with Follower({NAME: Wire(kinesis, delay).stream()}, OLDEST) as follower:
            assert sorted(await heard(follower)) == numbers(1, 10)
            put(kinesis, 11, 11)
            assert (await follower.next()).item.data == b"11"

    run(main())


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH)])
def test_where_nothing_stands_it_ends_at_once(start: Start) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        async with Follower({NAME: Wire(kinesis).stream()}, start) as follower:
            assert await heard(follower) == []
            assert now() < 1
            put(kinesis, 1, 1)
            assert (await follower.next()).item.data == b"1"

    run(main())


def test_it_has_children_of_shards_that_were_split_and_merged() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        put(kinesis, 1, 20)
        first, second = (shard.id for shard in kinesis.stream.open)
        lower, _ = kinesis.stream.split(second)
        put(kinesis, 21, 40)
        kinesis.stream.merge(first, lower)
        put(kinesis, 41, 60)
        async with Follower({NAME: Wire(kinesis).stream()}, OLDEST) as follower:
            assert sorted(await heard(follower)) == numbers(1, 60)

    run(main())


@pytest.mark.parametrize("joined_at", [1.0, 1.13, 1.31, 1.57, 9.0])
def test_beside_others_who_read_the_shards_already_it_is_the_same(joined_at: float) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        stream = Wire(kinesis, 0.15).stream()
        async with Follower({NAME: stream}, LATEST) as other:
            hearing = asyncio.create_task(heard(other))
            await asyncio.sleep(0.5)
            put(kinesis, 1, 10)
            following = asyncio.create_task(other.next())
            await asyncio.sleep(joined_at - now())
            async with Follower({NAME: stream}, Start(at=EPOCH)) as follower:
                assert sorted(await heard(follower)) == numbers(1, 10)
            following.cancel()
            hearing.cancel()

    run(main())


def test_while_a_shard_cannot_be_read_it_is_not_over() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        put(kinesis, 1, 10)

        def fail(call: Call) -> Exception | None:
            return refusal(THROTTLED) if now() < 20 and call.operation == "get_records" else None

        kinesis.fail = fail
        async with Follower({NAME: Wire(kinesis).stream()}, OLDEST) as follower:
            assert sorted(await heard(follower)) == numbers(1, 10)
            assert now() >= 20

    run(main())
