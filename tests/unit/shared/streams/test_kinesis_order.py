"""Whatever Kinesis refuses, a reader that drops what it has seen finds every key's records once and in order."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import StreamUnavailable
from shared.streams import Entry, Stream
from tests.support.effort import tries
from tests.support.scripted_kinesis import ENDPOINT, THROTTLED, Call, ScriptedKinesis, Wire
from tests.support.scripted_stream import Put, now
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

#: Seconds after which all goes well.
TROUBLE = 20.0

#: What each of the publishers publishes at a time, by key.
Plan = list[list[list[str]]]


def new(numbers: list[int]) -> list[int]:
    """What an idempotent reader takes: the numbers above the last seen."""
    taken = [0]
    for number in numbers:
        if number > taken[-1]:
            taken.append(number)
    return taken[1:]


async def publish_with_retries(stream: Stream, entries: list[Entry], chance: Random, cancelled: float) -> None:
    """Publishes the entries, giving up now and then, until it succeeds."""
    while True:
        try:
            cancel = now() < TROUBLE and chance.random() < cancelled
            async with asyncio.timeout(chance.uniform(0, 0.3) if cancel else None):
                await stream.publish(entries)
                return
        except (StreamUnavailable, TimeoutError):
            await asyncio.sleep(chance.choice([0, 0.01, 0.3]))


async def work(stream: Stream, publisher: int, batches: list[list[str]], chance: Random, cancelled: float) -> None:
    numbers: dict[str, int] = {}
    for batch in batches:
        entries = []
        for letter in batch:
            key = f"{letter}{publisher}"
            numbers[key] = numbers.get(key, 0) + 1
            entries.append(Entry(key, str(numbers[key]).encode()))
        await publish_with_retries(stream, entries, chance, cancelled)


@settings(max_examples=tries(75))
@given(
    plan=st.lists(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=8), max_size=5), max_size=4),
    seed=st.integers(0, 1 << 32),
    refused=st.floats(0, 0.6),
    failed=st.floats(0, 0.5),
    lost=st.floats(0, 0.5),
    cancelled=st.floats(0, 0.7),
)
def test_each_key_is_read_gapless_and_in_order_whatever_fails(
    plan: Plan, seed: int, refused: float, failed: float, lost: float, cancelled: float
) -> None:
    async def main() -> None:
        chance = Random(seed)
        kinesis = ScriptedKinesis(shards=2)

        def refuse(put: Put) -> tuple[str, str] | None:
            reasons = [("InternalFailure", ""), (THROTTLED, ""), (THROTTLED, f"Rate exceeded for shard {put.shard}")]
            return chance.choice(reasons) if now() < TROUBLE and chance.random() < refused else None

        def failing(share: float, call: Call) -> Exception | None:
            return ReadTimeoutError(endpoint_url=ENDPOINT) if now() < TROUBLE and chance.random() < share else None

        kinesis.stream.refuse = refuse
        kinesis.fail = lambda call: failing(failed, call)
        kinesis.lose = lambda call: failing(lost, call)
        stream = Wire(kinesis, chance=chance).stream()
        async with asyncio.TaskGroup() as group:
            for publisher, batches in enumerate(plan):
                group.create_task(work(stream, publisher, batches, chance, cancelled))
        await asyncio.sleep(60)
        for publisher, batches in enumerate(plan):
            for letter in "abc":
                many = sum(batch.count(letter) for batch in batches)
                written = kinesis.stream.written(f"{letter}{publisher}")
                assert new([int(number) for number in written]) == list(range(1, many + 1))

    run(main())
