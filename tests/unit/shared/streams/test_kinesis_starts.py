"""Whoever comes to a Kinesis shard, whenever and from wherever: everything once from its start on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.streams import LATEST, OLDEST, Start
from shared.streams.kinesis import KinesisStream
from tests.support.effort import tries
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.scripted_stream import Put, now
from tests.support.virtual_time import EPOCH, run

pytestmark = pytest.mark.hermetic

SHARD = "shardId-000000000000"
#: Records share it: many of them are much to keep for the product, and nothing for this process.
LARGE = bytes((1 << 20) - 1)


@dataclass
class Joined:
    """A reader and its sequence numbers; `first` is the place in the shard from which on it is to read."""

    start: Start
    first: int
    sequences: list[int] = field(default_factory=list)
    slow: float = 0.0

    async def listen(self, stream: KinesisStream, records: Sequence[Put]) -> None:
        reader = await stream.reader(SHARD, self.start)
        if self.start == LATEST:
            self.first = len(records)
        await asyncio.sleep(self.slow)
        try:
            while not (batch := await reader.read()).ended:
                self.sequences += [item.sequence for item in batch.items]
                await asyncio.sleep(self.slow)
            self.sequences += [item.sequence for item in batch.items]
        finally:
            reader.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["small", "large"]), st.sampled_from([1, 3, 12, 70]), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 0.35, 1.2, 12.0]), st.none()),
        st.tuples(st.sampled_from(["oldest", "latest", "after", "at"]), st.floats(0, 1), st.sampled_from([0.0, 3.0])),
        st.tuples(st.sampled_from(["leave", "expire", "blank"]), st.floats(0, 0.99), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=tries(150))
@given(steps=STEPS, page=st.sampled_from([1, 3, 10_000]), delay=st.sampled_from([0.02, 0.3]), seed=st.integers(0, 99))
def test_each_reader_of_a_shard_gets_everything_once_from_its_start_on(
    steps: list[tuple[str, float, float | None]], page: int, delay: float, seed: int
) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=page)
        stream = Wire(kinesis, delay, Random(seed)).stream()
        records = kinesis.stream.shards[SHARD].records
        reading: dict[asyncio.Task[None], Joined] = {}

        def join(kind: str, place: float, slow: float) -> None:
            first, start = 0, OLDEST
            if kind == "latest":
                start = LATEST
            elif kind == "after" and records:
                after = int(place * (len(records) - 1))
                first, start = after + 1, Start(after=records[after].sequence)
            elif kind == "at":
                at = round(now() * place, 3)
                first = sum(round(put.at, 3) < at for put in records)
                start = Start(at=EPOCH + round(at * 1000))
            joined = Joined(start, first, slow=slow)
            reading[asyncio.create_task(joined.listen(stream, records))] = joined

        for what, number, slow in steps:
            if what in ("small", "large"):
                for _ in range(int(number)):
                    kinesis.stream.put("k", LARGE if what == "large" else b"x")
            elif what == "wait":
                await asyncio.sleep(number)
            elif what == "expire":
                kinesis.expire_iterators()
            elif what == "blank":
                kinesis.blanks = 5
            elif what == "leave" and reading:
                leaving = list(reading)[int(number * len(reading))]
                leaving.cancel()
                del reading[leaving]
            elif slow is not None:
                join(what, number, slow)
        await asyncio.sleep(5)
        kinesis.stream.split(SHARD)
        await asyncio.gather(*reading)
        everything = [put.sequence for put in records]
        for joined in reading.values():
            if joined.start == LATEST:
                assert len(joined.sequences) >= len(everything) - joined.first
                assert joined.sequences == everything[len(everything) - len(joined.sequences) :]
            else:
                assert joined.sequences == everything[joined.first :], joined.start

    run(main())
