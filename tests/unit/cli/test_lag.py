"""How far a checkpoint is behind, on a Kinesis that answers as AWS does."""

from __future__ import annotations

import asyncio

import pytest

from cli.workers.lag import Lag, Shards
from shared.errors import StreamUnavailable
from tests.support.scripted_kinesis import STREAM, THROTTLED, Call, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import VirtualClock
from tests.unit.cli.scripted_aws import ScriptedAws, scripted

pytestmark = pytest.mark.hermetic

SHARD = "shardId-000000000000"


async def lag(aws: ScriptedAws, checkpoint: str = "TRIM_HORIZON") -> Lag:
    return await Shards(aws, VirtualClock()).lag(STREAM, SHARD, checkpoint)


async def filled(aws: ScriptedAws) -> None:
    """A record that is ten seconds old."""
    aws.kinesis.stream.put("key", b"data")
    await asyncio.sleep(10)


def test_reads_that_bring_nothing_are_followed_while_kinesis_says_that_something_is_behind() -> None:
    async def work(aws: ScriptedAws) -> None:
        await filled(aws)
        aws.kinesis.blanks = 3
        found = await lag(aws)
        assert found.lag == pytest.approx(10_000, abs=1000)
        assert found.lag is not None
        assert found.lag > 10_000

    scripted(work)


def test_after_a_few_reads_what_kinesis_says_is_taken() -> None:
    async def work(aws: ScriptedAws) -> None:
        await filled(aws)
        aws.kinesis.blanks = 1000
        found = await lag(aws)
        assert found.age is None
        assert found.lag == pytest.approx(11_000, abs=1000)
        assert len(aws.wire.of("get_records")) == 5

    scripted(work)


def test_throttling_is_waited_out_but_not_for_ever() -> None:
    async def work(aws: ScriptedAws) -> None:
        await filled(aws)
        begun = now()

        def fail(call: Call) -> Exception | None:
            return refusal(THROTTLED) if call.operation == "get_records" and now() < begun + lasts else None

        lasts = 1.0
        aws.kinesis.fail = fail
        found = await lag(aws)
        assert found.lag is not None
        assert found.lag >= 11_000
        lasts = float("inf")
        begun = now()
        with pytest.raises(StreamUnavailable, match=THROTTLED):
            await lag(aws)
        assert 3.5 < now() - begun < 10

    scripted(work)


def test_many_shards_are_looked_at_together_but_not_all_at_once() -> None:
    async def work(aws: ScriptedAws) -> None:
        await filled(aws)
        aws.kinesis.limited = False
        shards = Shards(aws, VirtualClock())
        begun = now()
        await asyncio.gather(*(shards.lag(STREAM, SHARD, "TRIM_HORIZON") for _ in range(160)))
        # Two calls of 20 ms each, 16 shards at once.
        assert now() - begun == pytest.approx(0.4, abs=0.05)

    scripted(work)


def test_a_stream_without_records_has_no_lag_and_one_that_is_not_there_has_none_to_tell() -> None:
    async def work(aws: ScriptedAws) -> None:
        shards = Shards(aws, VirtualClock())
        assert await lag(aws) == Lag(None, 0)
        assert await lag(aws, "SHARD_END") == Lag(None, 0)
        assert await lag(aws, "AT_TIMESTAMP") == Lag(None, None)
        assert await shards.lag("nowhere", SHARD, "TRIM_HORIZON") == Lag(None, None)
        assert await shards.of("nowhere") == ()

    scripted(work)


def test_a_sequence_number_that_aws_refuses_leaves_age_and_lag_unknown() -> None:
    async def work(aws: ScriptedAws) -> None:
        aws.kinesis.fail = lambda call: refusal("InvalidArgumentException", "StartingSequenceNumber is invalid")
        assert await lag(aws, "4968") == Lag(None, None)

    scripted(work)
