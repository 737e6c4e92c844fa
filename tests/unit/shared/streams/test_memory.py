from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import StreamUnavailable
from shared.streams import LATEST, OLDEST, Entry, MemoryStream, Shard, ShardReader, Start, StreamName, ready
from shared.streams.follow import Follower
from tests.support.virtual_time import EPOCH, VirtualClock, run

pytestmark = pytest.mark.hermetic

NAME = StreamName.AUDIO


def stream(**options: int) -> MemoryStream:
    return MemoryStream(NAME, clock=VirtualClock(), **options)


async def put(target: MemoryStream, *entries: tuple[str, str]) -> None:
    await target.publish([Entry(key, data.encode()) for key, data in entries])


async def read(target: MemoryStream, start: Start) -> list[str]:
    """What a reader of the only shard finds at once."""
    (shard,) = await target.shards()
    reader = await target.reader(shard.id, start)
    try:
        async with asyncio.timeout(0.01):
            return [item.data.decode() for item in (await reader.read()).items]
    except TimeoutError:
        return []


def test_reading_begins_where_it_is_told_to() -> None:
    async def main() -> None:
        target = stream()
        await put(target, ("k", "a"))
        await asyncio.sleep(1)
        await put(target, ("k", "b"), ("k", "c"))
        assert await read(target, OLDEST) == ["a", "b", "c"]
        assert await read(target, LATEST) == []
        assert await read(target, Start(after=1)) == ["b", "c"]
        assert await read(target, Start(at=EPOCH + 500)) == ["b", "c"]
        assert await read(target, Start(ago=500)) == ["b", "c"]
        assert await read(target, Start(ago=90_000)) == ["a", "b", "c"]

    run(main())


@pytest.mark.parametrize("hours", [-2, 2])
def test_its_time_does_not_step_with_the_wall_clock(hours: int) -> None:
    class Stepping(VirtualClock):
        step = 0

        def now(self) -> int:
            return super().now() + self.step

    async def main() -> None:
        clock = Stepping()
        target = MemoryStream(NAME, clock=clock, retention_ms=60_000)
        await put(target, ("k", "a"))
        clock.step = hours * 3_600_000
        await asyncio.sleep(10)
        await put(target, ("k", "b"))
        assert await read(target, Start(ago=60_000)) == ["a", "b"]
        assert await read(target, Start(ago=5_000)) == ["b"]
        await asyncio.sleep(120)
        await put(target, ("k", "e"))
        assert await read(target, OLDEST) == ["e"]

    run(main())


def test_a_reader_is_told_of_the_tip_again_and_again_and_at_once_of_what_comes() -> None:
    async def main() -> None:
        target = stream()
        (shard,) = await target.shards()
        reader = await target.reader(shard.id, LATEST)
        assert (await reader.read()).at_tip
        again = await reader.read()
        assert (again.at_tip, again.items) == (True, [])
        began = asyncio.get_running_loop().time()
        waiting = asyncio.create_task(reader.read())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await put(target, ("k", "a"))
        batch = await waiting
        assert [item.data for item in batch.items] == [b"a"]
        assert batch.items[0].arrived_at == EPOCH + round((began + 0.1) * 1000)

    run(main())


def test_what_is_old_is_forgotten_unless_a_reader_holds_it() -> None:
    async def main() -> None:
        target = stream(retention_ms=10_000)
        (shard,) = await target.shards()
        holder = await target.reader(shard.id, OLDEST, retain=True)
        for number in range(100):
            await put(target, ("k", f"{number:03}"))
            await asyncio.sleep(1)
        assert target.retained() == 300
        items = (await holder.read()).items
        assert len(items) == 100
        holder.ack_until(items[-1].sequence)
        await put(target, ("k", "end"))
        assert target.retained() <= 2 * 12 * 3
        assert (await read(target, OLDEST))[-1] == "end"

    run(main())


def test_a_writer_waits_for_a_holding_reader_that_is_behind_and_for_no_other() -> None:
    async def main() -> None:
        target = stream(capacity=10)
        (shard,) = await target.shards()
        await target.reader(shard.id, OLDEST)
        holder = await target.reader(shard.id, OLDEST, retain=True)
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(put(target, *(("k", "12345") for _ in range(5))))
            await asyncio.sleep(1)
            assert not writing.done()
            assert len((await holder.read()).items) == 3
        holder.close()
        await put(target, *(("k", "12345") for _ in range(50)))

    run(main())


def test_entries_that_exceed_the_capacity_together_reach_a_reader_that_waits_for_them() -> None:
    async def main() -> None:
        target = stream(capacity=10)
        (shard,) = await target.shards()
        reader = await target.reader(shard.id, OLDEST, retain=True)
        read: list[str] = []

        async def take() -> None:
            while len(read) < 4:
                read.extend(item.data.decode() for item in (await reader.read()).items)

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(take())
            await asyncio.sleep(1)
            group.create_task(put(target, *(("k", f"twelve bytes {n}") for n in range(4))))
        assert read == [f"twelve bytes {n}" for n in range(4)]

    run(main())


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["put", "split", "merge"])), max_size=60))
def test_entries_of_one_key_keep_their_order_through_splits_and_merges(steps: list[tuple[str, str]]) -> None:
    async def main() -> None:
        target = stream(shards=2)
        seen: list[tuple[str, str]] = []

        async def follow() -> None:
            async with Follower({NAME: target}, OLDEST) as follower:
                while True:
                    key, _, number = (await follower.next()).item.data.decode().partition(" ")
                    seen.append((key, number))

        following = asyncio.create_task(follow())
        sent: list[tuple[str, str]] = []
        for number, (key, what) in enumerate(steps):
            await put(target, (key, f"{key} {number:03}"))
            sent.append((key, f"{number:03}"))
            shards = [shard.id for shard in await target.shards() if _open(target, shard)]
            if what == "split" and len(shards) < 8:
                target.split(shards[number % len(shards)])
            elif what == "merge" and len(shards) > 1:
                target.merge(*_neighbours(target))
        await asyncio.sleep(1)
        following.cancel()
        assert sorted(seen) == sorted(sent)
        for key in "abcdef":
            assert [number for k, number in seen if k == key] == [number for k, number in sent if k == key]

    run(main())


def test_a_parent_is_read_before_its_children_unless_it_is_gone() -> None:
    shards = [Shard("a"), Shard("b", ("a",)), Shard("c", ("gone",))]
    assert [shard.id for shard in ready(shards, set())] == ["a", "c"]
    assert [shard.id for shard in ready(shards, {"a"})] == ["b", "c"]


def test_who_begins_at_the_latest_reads_nothing_older_from_the_shards_that_are_there() -> None:
    async def main() -> None:
        target = stream()
        await put(target, ("k", "in the parent"))
        target.split((await target.shards())[0].id)
        await put(target, ("k", "in the child"))
        async with Follower({NAME: target}, LATEST) as follower:
            await put(target, ("k", "new"))
            assert (await follower.next()).item.data == b"new"

    run(main())


class Flaky(MemoryStream):
    """Refuses every second call."""

    calls = 0

    def _refuse(self) -> None:
        self.calls += 1
        if self.calls % 2:
            raise StreamUnavailable("out for a moment")

    async def shards(self) -> Sequence[Shard]:
        self._refuse()
        return await super().shards()

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        self._refuse()
        return await super().reader(shard, start, retain=retain)


def test_a_follower_waits_out_a_stream_that_refuses() -> None:
    async def main() -> None:
        target = Flaky(NAME, clock=VirtualClock())
        async with Follower({NAME: target}, OLDEST) as follower:
            await put(target, ("k", "a"))
            assert (await follower.next()).item.data == b"a"

    run(main())


def test_a_follower_raises_what_reading_raises() -> None:
    class Broken(MemoryStream):
        async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
            raise PermissionError("not yours to read")

    async def main() -> None:
        async with Follower({NAME: Broken(NAME, clock=VirtualClock())}, OLDEST) as follower:
            with pytest.raises(PermissionError, match="not yours to read"):
                await follower.next()

    run(main())


def _open(target: MemoryStream, shard: Shard) -> bool:
    return not target._shards[shard.id].closed


def _neighbours(target: MemoryStream) -> tuple[str, str]:
    ordered = sorted((s for s in target._shards.values() if not s.closed), key=lambda s: s.first_hash)
    return ordered[0].id, ordered[1].id
