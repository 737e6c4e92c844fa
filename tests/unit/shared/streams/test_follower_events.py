"""What a follower tells beside its items: what had arrived when it came, and when nothing can be read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.errors import StreamUnavailable
from shared.streams import OLDEST, Batch, Entry, MemoryStream, Shard, ShardReader, Start, StreamName
from shared.streams.follow import Follower
from shared.streams.follower_events import CaughtUp, Interrupted, Resumed, StreamItem
from tests.support.scripted_kinesis import THROTTLED, Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

NAME = StreamName.AUDIO


async def tell(follower: Follower, told: list[object]) -> None:
    """Items as (data, whether they are of the past), the rest by the names of its kinds."""
    while True:
        event = await follower.next_event()
        told.append((event.item.data.decode(), event.backlog) if isinstance(event, StreamItem) else type(event))


@pytest.mark.parametrize("delay", [0.02, 3.0])
def test_what_comes_while_it_still_reads_what_stood_there_is_not_of_the_past(delay: float) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=1)
        kinesis.stream.put("k", b"old")
        await asyncio.sleep(10)
        told: list[object] = []
        async with Follower({NAME: Wire(kinesis, delay).stream()}, OLDEST) as follower:
            kinesis.stream.put("k", b"new")
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(30)
            telling.cancel()
        assert told == [("old", True), ("new", False), CaughtUp]

    run(main())


def test_in_memory_it_is_exact_within_a_millisecond() -> None:
    async def main() -> None:
        stream = MemoryStream(NAME, clock=VirtualClock())
        await stream.publish([Entry("k", b"old")])
        told: list[object] = []
        async with Follower({NAME: stream}, OLDEST) as follower:
            await stream.publish([Entry("k", b"new")])
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(1)
            telling.cancel()
        assert told == [("old", True), ("new", False), CaughtUp]

    run(main())


class Late(MemoryStream):
    """Lets nobody read it for the first 20 s."""

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        if now() < 20:
            raise StreamUnavailable("not yet")
        return await super().reader(shard, start, retain=retain)


def test_what_comes_while_a_shard_cannot_be_opened_is_not_of_the_past() -> None:
    async def main() -> None:
        stream = Late(NAME, clock=VirtualClock())
        await stream.publish([Entry("k", b"old")])
        await asyncio.sleep(5)
        told: list[object] = []
        async with Follower({NAME: stream}, OLDEST) as follower:
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(5)
            await stream.publish([Entry("k", b"new")])
            await asyncio.sleep(30)
            telling.cancel()
        assert told == [Interrupted, ("old", True), ("new", False), CaughtUp, Resumed]

    run(main())


@pytest.mark.parametrize("behind_the_tip", [True, False])
def test_an_outage_is_told_once_however_many_shards_it_has(*, behind_the_tip: bool) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=3)
        told: list[object] = []

        def fail(call: Call) -> Exception | None:
            out = 10 <= now() < 60 or (behind_the_tip and now() < 60)
            return refusal("InternalFailure", status=500) if out and call.operation == "get_records" else None

        kinesis.fail = fail
        async with Follower({NAME: Wire(kinesis).stream()}, OLDEST) as follower:
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(30)
            kinesis.stream.put("k", b"a")
            assert told == ([Interrupted] if behind_the_tip else [CaughtUp, Interrupted])
            await asyncio.sleep(60)
            telling.cancel()
        assert told.count(Interrupted) == told.count(Resumed) == 1
        assert ("a", False) in told

    run(main())


def test_a_read_that_is_throttled_now_and_then_is_no_outage() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        reads: list[Call] = []

        def fail(call: Call) -> Exception | None:
            if call.operation == "get_records":
                reads.append(call)
            return refusal(THROTTLED) if call.operation == "get_records" and len(reads) % 3 else None

        kinesis.fail = fail
        told: list[object] = []
        async with Follower({NAME: Wire(kinesis).stream()}, OLDEST) as follower:
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(60)
            telling.cancel()
        assert told == [CaughtUp]

    run(main())


class Refusing(MemoryStream):
    """Its readers raise for the first 10 s."""

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        return _RefusingReader(await super().reader(shard, start, retain=retain))


class _RefusingReader:
    def __init__(self, reader: ShardReader) -> None:
        self._reader = reader

    async def read(self) -> Batch:
        if now() < 10:
            raise StreamUnavailable("out")
        return await self._reader.read()

    def ack_until(self, sequence: int) -> None:
        self._reader.ack_until(sequence)

    def close(self) -> None:
        self._reader.close()


def test_a_reader_that_raises_is_told_of_too() -> None:
    async def main() -> None:
        told: list[object] = []
        async with Follower({NAME: Refusing(NAME, clock=VirtualClock())}, OLDEST) as follower:
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(20)
            telling.cancel()
        assert told == [Interrupted, CaughtUp, Resumed]

    run(main())


class SlowListing(MemoryStream):
    """Says which shards there are only after a while, and at first not at all."""

    listed = 0
    refuses_until = 0.0

    async def shards(self) -> Sequence[Shard]:
        self.listed += 1
        if self.listed > 1:
            await asyncio.sleep(0.5)
            if now() < self.refuses_until:
                raise StreamUnavailable("out")
        return await super().shards()


def test_one_that_waits_for_short_times_alone_follows_a_stream_that_is_split() -> None:
    async def main() -> None:
        stream = SlowListing(NAME, clock=VirtualClock())
        found: list[str] = []
        async with Follower({NAME: stream}, OLDEST) as follower:
            await stream.publish([Entry("k", b"a")])
            stream.split((await MemoryStream.shards(stream))[0].id)
            await stream.publish([Entry("k", b"b")])
            while now() < 20:
                try:
                    found.append((await asyncio.wait_for(follower.next(), 0.1)).item.data.decode())
                except TimeoutError:
                    continue
        assert found == ["a", "b"]

    run(main())


def test_while_the_children_of_a_shard_cannot_be_found_the_other_shards_are_read_and_it_is_told() -> None:
    async def main() -> None:
        stream = SlowListing(NAME, shards=2, clock=VirtualClock())
        stream.refuses_until = 30
        told: list[object] = []
        async with Follower({NAME: stream}, OLDEST) as follower:
            telling = asyncio.create_task(tell(follower, told))
            await asyncio.sleep(1)
            # The half of the keys that stays where it was has one of these.
            stream.split((await MemoryStream.shards(stream))[0].id)
            for key in "abcdefgh":
                await stream.publish([Entry(key, key.encode())])
            await asyncio.sleep(20)
            meanwhile = [news for news in told if isinstance(news, tuple)]
            assert told[:1] == [CaughtUp]
            assert Interrupted in told
            assert 0 < len(meanwhile) < 8
            await asyncio.sleep(30)
            telling.cancel()
        assert told.count(Interrupted) == told.count(Resumed) == 1
        assert sorted(data for data, _ in [news for news in told if isinstance(news, tuple)]) == [*"abcdefgh"]

    run(main())


def test_one_that_is_left_while_the_children_of_a_shard_are_looked_for_tells_who_waits() -> None:
    async def main() -> None:
        stream = SlowListing(NAME, clock=VirtualClock())
        stream.refuses_until = 1000
        async with Follower({NAME: stream}, OLDEST) as follower:
            stream.split((await MemoryStream.shards(stream))[0].id)
            waiting = asyncio.create_task(tell(follower, []))
            await asyncio.sleep(5)
        async with asyncio.timeout(0.001):
            with pytest.raises(RuntimeError, match="was left"):
                await waiting

    run(main())


def test_who_waits_for_news_when_it_is_left_is_told_so() -> None:
    async def main() -> None:
        async with Follower({NAME: MemoryStream(NAME, clock=VirtualClock())}, OLDEST) as follower:
            waiting = asyncio.create_task(tell(follower, []))
            await asyncio.sleep(1)
        with pytest.raises(RuntimeError, match="was left"):
            await waiting

    run(main())


def test_what_reading_raises_is_raised_again() -> None:
    class Broken(MemoryStream):
        async def shards(self) -> Sequence[Shard]:
            return [Shard("a shard that is not there")]

    async def main() -> None:
        async with Follower({NAME: Broken(NAME, clock=VirtualClock())}, OLDEST) as follower:
            for _ in range(2):
                with pytest.raises(KeyError):
                    await follower.next()

    run(main())
