"""Following Kinesis streams whose shards are split and merged, from any place on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ResourceMissing
from shared.streams import LATEST, OLDEST, Entry, Start, StreamName
from shared.streams.follow import Follower
from shared.streams.kinesis import KinesisStream
from tests.support.effort import tries
from tests.support.scripted_kinesis import THROTTLED, Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import EPOCH, run

pytestmark = pytest.mark.hermetic

NAME = StreamName.AUDIO
KEYS = "abcdef"


@dataclass
class Listener:
    """A follower; `heard` has the numbers of each key, `first` the number that is the first from its start on."""

    start: Start
    first: dict[str, int]
    heard: dict[str, list[int]] = field(default_factory=lambda: {key: [] for key in KEYS})
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, stream: KinesisStream) -> None:
        async with Follower({NAME: stream}, self.start) as follower:
            self.ready.set()
            while True:
                key, _, number = (await follower.next()).item.data.decode().partition(" ")
                self.heard[key].append(int(number))


class FollowerHarness:
    """A stream that is written to, split and merged while listeners come."""

    def __init__(self, page: int) -> None:
        self.kinesis = ScriptedKinesis(shards=2, page=page)
        self.wire = Wire(self.kinesis)
        self.stream = self.wire.stream()
        self.put_at: dict[str, list[float]] = {key: [] for key in KEYS}
        self.listeners: list[Listener] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.out_until = float("-inf")

    async def put(self, key: str, *, elsewhere: bool) -> None:
        """Writes the key's next number, from this process or another."""
        data = f"{key} {len(self.put_at[key]) + 1}".encode()
        if elsewhere:
            self.kinesis.stream.put(key, data)
        else:
            await self.stream.publish([Entry(key, data)])
        self.put_at[key].append(round(self.written_at(key), 3))

    def written_at(self, key: str) -> float:
        return max(w.at for shard in self.kinesis.stream.shards.values() for w in shard.records if w.key == key)

    async def join(self, kind: str, place: int) -> None:
        """A listener takes its place at the `place`-th part of the time until now."""
        if kind == "latest":
            # Who joins while the stream is out has its place when it is back.
            await asyncio.sleep(self.out_until + 3 - now())
        if kind == "at":
            since = round(now() * place / 10, 3)
            start = Start(at=EPOCH + round(since * 1000))
            first = {key: sum(at < since for at in self.put_at[key]) + 1 for key in KEYS}
        else:
            start = OLDEST if kind == "oldest" else LATEST
            first = {key: 1 if kind == "oldest" else len(self.put_at[key]) + 1 for key in KEYS}
        listener = Listener(start, first)
        self.listeners.append(listener)
        self.tasks.append(asyncio.create_task(listener.listen(self.stream)))
        await listener.ready.wait()

    def reshard(self, what: str, which: int) -> None:
        shards = self.kinesis.stream.open
        if what == "split" and len(shards) < 6:
            self.kinesis.stream.split(shards[which % len(shards)].id)
        elif what == "merge" and len(shards) > 1:
            lower = which % (len(shards) - 1)
            self.kinesis.stream.merge(shards[lower].id, shards[lower + 1].id)

    async def trouble(self, kind: str) -> None:
        if kind == "expire":
            self.kinesis.expire_iterators()
        else:
            self.out_until = now() + 1.5

            def fail(call: Call) -> Exception | None:
                return refusal(THROTTLED) if now() < self.out_until and call.operation != "put_records" else None

            self.kinesis.fail = fail

    async def check(self) -> None:
        await asyncio.sleep(60)
        for task in self.tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self.tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes
        for listener in self.listeners:
            for key, heard in listener.heard.items():
                expected = list(range(listener.first[key], len(self.put_at[key]) + 1))
                if listener.start is LATEST:
                    # It may hear something older first.
                    assert heard == sorted(set(heard)), key
                    assert heard[len(heard) - len(expected) :] == expected, key
                else:
                    assert heard == expected, (listener.start, key)


STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 0.35, 1.2, 12.0]), st.none()),
    st.tuples(st.just("join"), st.sampled_from(["oldest", "latest", "at"]), st.integers(0, 10)),
    st.tuples(st.sampled_from(["split", "merge"]), st.integers(0, 5), st.none()),
    st.tuples(st.just("trouble"), st.sampled_from(["expire", "throttle"]), st.none()),
)


@settings(max_examples=tries(100))
@given(steps=st.lists(STEPS, max_size=50), page=st.sampled_from([1, 3, 10_000]))
def test_each_listener_hears_every_key_gapless_and_once_from_its_start_on(
    steps: list[tuple[str, object, object]], page: int
) -> None:
    async def main() -> None:
        harness = FollowerHarness(page)
        for what, which, more in steps:
            if what == "put":
                await harness.put(str(which), elsewhere=bool(more))
            elif what == "wait":
                await asyncio.sleep(float(str(which)))
            elif what == "join":
                await harness.join(str(which), int(str(more)))
            elif what == "trouble":
                await harness.trouble(str(which))
            else:
                harness.reshard(what, int(str(which)))
        await harness.check()

    run(main())


@pytest.mark.parametrize("caught_up", [False, True])
def test_a_merged_shards_child_is_read_behind_both_parents(caught_up: bool) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2, page=1)
        stream = Wire(kinesis).stream()
        heard: list[tuple[str, int]] = []

        async def follow() -> None:
            async with Follower({NAME: stream}, OLDEST) as follower:
                while True:
                    key, _, number = (await follower.next()).item.data.decode().partition(" ")
                    heard.append((key, int(number)))

        following = asyncio.create_task(follow())
        if caught_up:
            await asyncio.sleep(5)
        lower, upper = kinesis.stream.open
        keys = {
            shard.id: next(f"{n}" for n in range(99) if kinesis.stream.shard_of(f"{n}") is shard)
            for shard in (lower, upper)
        }
        # One parent takes much longer to read than the other.
        for shard, count in ((lower, 2), (upper, 20)):
            for number in range(count):
                kinesis.stream.put(keys[shard.id], f"{keys[shard.id]} {number}".encode())
        kinesis.stream.merge(lower.id, upper.id)
        for key, number in ((keys[lower.id], 2), (keys[upper.id], 20)):
            kinesis.stream.put(key, f"{key} {number}".encode())
        await asyncio.sleep(60)
        following.cancel()
        assert len(heard) == 24
        assert {key for key, _ in heard[-2:]} == set(keys.values())
        for key, found in groupby(sorted(heard, key=lambda entry: entry[0]), key=lambda entry: entry[0]):
            numbers = [number for _, number in found]
            assert numbers == list(range(len(numbers))), key

    run(main())


def test_a_follower_raises_what_is_missing_and_reads_nothing_any_more() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        streams = {NAME: wire.stream(), StreamName.SPEECH: wire.stream("other")}
        with pytest.raises(ResourceMissing, match="stream other does not exist"):
            async with Follower(streams, OLDEST):
                pass
        await asyncio.sleep(1)
        since = now()
        await asyncio.sleep(60)
        assert wire.of("get_records", since) == []

    run(main())
