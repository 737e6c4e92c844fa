"""Checkpoints in DynamoDB only rise, whoever writes them and however long their numbers are."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import uuid4

import pytest

from processors.hosts.checkpoints import Checkpoint, Checkpoints, MemoryCheckpoints
from processors.hosts.dynamodb_checkpoints import KEPT, DynamoDbCheckpoints
from shared.aws import Aws
from shared.errors import SetupError, StoreUnavailable
from shared.streams import StreamName
from tests.support.clocks import ManualClock
from tests.support.dynamodb import FaultyAws
from tests.support.localstack import Observer

pytestmark = pytest.mark.system

#: As Kinesis numbers records: 56 digits, which no number of DynamoDB's holds.
KINESIS = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
AUDIO = StreamName.AUDIO


PREFIX = f"checkpoints-{uuid4().hex[:8]}"


def checkpoints(aws: Aws, prefix: str, stream_prefix: str = PREFIX) -> DynamoDbCheckpoints:
    return DynamoDbCheckpoints(aws, stream_prefix=stream_prefix, table_prefix=prefix)


def made(observer: Observer, name: str) -> int:
    """Makes a stream, and returns when it says that it was made, epoch ms."""
    kinesis = observer.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    made_at: datetime = summary["StreamCreationTimestamp"]
    return round(made_at.timestamp() * 1000)


@pytest.fixture(autouse=True)
def streams(observer: Observer) -> None:
    """The streams that the checkpoints are of."""
    there = observer.client("kinesis").list_streams()["StreamNames"]
    for name in (f"{PREFIX}-{AUDIO}", f"{PREFIX}-{StreamName.SEGMENTS}"):
        if name not in there:
            made(observer, name)


@pytest.fixture(params=["memory", "dynamodb"])
def either(request: pytest.FixtureRequest) -> Checkpoints:
    if request.param == "memory":
        return MemoryCheckpoints()
    return checkpoints(request.getfixturevalue("aws"), request.getfixturevalue("prefix"))


async def test_a_checkpoint_only_rises_and_an_ended_shard_stays_ended(either: Checkpoints) -> None:
    assert await either.load("transcribe", AUDIO) == {}
    for saved, kept in (
        (Checkpoint(None), Checkpoint(None)),
        (Checkpoint(9), Checkpoint(9)),
        (Checkpoint(None), Checkpoint(9)),
        (Checkpoint(8), Checkpoint(9)),
        (Checkpoint(10), Checkpoint(10)),
        (Checkpoint(KINESIS + 1), Checkpoint(KINESIS + 1)),
        (Checkpoint(KINESIS), Checkpoint(KINESIS + 1)),
        (Checkpoint(10**128), Checkpoint(10**128)),
        (Checkpoint(KINESIS, ended=True), Checkpoint(KINESIS, ended=True)),
        (Checkpoint(10**128 + 1), Checkpoint(KINESIS, ended=True)),
    ):
        await either.save("transcribe", AUDIO, "shard-1", saved)
        assert await either.load("transcribe", AUDIO) == {"shard-1": kept}


async def test_each_application_stream_and_shard_has_its_own(either: Checkpoints) -> None:
    await either.save("transcribe", AUDIO, "shard-1", Checkpoint(1))
    await either.save("transcribe", AUDIO, "shard-2", Checkpoint(None, ended=True))
    await either.save("transcribe", StreamName.SEGMENTS, "shard-1", Checkpoint(3))
    await either.save("stability+dedup", AUDIO, "shard-1", Checkpoint(4))
    assert await either.load("transcribe", AUDIO) == {
        "shard-1": Checkpoint(1),
        "shard-2": Checkpoint(None, ended=True),
    }
    assert await either.load("stability+dedup", AUDIO) == {"shard-1": Checkpoint(4)}
    assert await either.load("dedup", AUDIO) == {}


async def test_streams_of_another_prefix_have_their_own(aws: Aws, prefix: str, observer: Observer) -> None:
    made(observer, f"{PREFIX}-other-{AUDIO}")
    await checkpoints(aws, prefix).save("transcribe", AUDIO, "shard-1", Checkpoint(1))
    assert await checkpoints(aws, prefix, f"{PREFIX}-other").load("transcribe", AUDIO) == {}


@pytest.mark.parametrize("late", [Checkpoint(KINESIS + 9), Checkpoint(KINESIS, ended=True)])
async def test_a_stream_that_was_made_anew_begins_at_its_beginning(
    aws: Aws, prefix: str, observer: Observer, caplog: pytest.LogCaptureFixture, late: Checkpoint
) -> None:
    """Its shards have the names of the old one's."""
    name = f"{PREFIX}-{uuid4().hex[:8]}"
    made(observer, f"{name}-{AUDIO}")
    old = checkpoints(aws, prefix, name)
    await old.save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS + 5))
    await old.save("transcribe", AUDIO, "shard-2", Checkpoint(None, ended=True))
    assert len(await checkpoints(aws, prefix, name).load("transcribe", AUDIO)) == 2
    assert not caplog.records
    kinesis = observer.client("kinesis")
    kinesis.delete_stream(StreamName=f"{name}-{AUDIO}")
    kinesis.get_waiter("stream_not_exists").wait(StreamName=f"{name}-{AUDIO}", WaiterConfig={"Delay": 1})
    made(observer, f"{name}-{AUDIO}")
    new = checkpoints(aws, prefix, name)
    assert await new.load("transcribe", AUDIO) == {}
    assert [record.message for record in caplog.records] == [
        f"transcribe/{name}-audio was made anew: its earlier checkpoints do not count"
    ]
    await new.save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS))
    await new.save("transcribe", AUDIO, "shard-2", Checkpoint(KINESIS + 1))
    # A worker that has not noticed changes nothing.
    await old.save("transcribe", AUDIO, "shard-1", late)
    expected = {"shard-1": Checkpoint(KINESIS), "shard-2": Checkpoint(KINESIS + 1)}
    assert await new.load("transcribe", AUDIO) == expected
    # And one that was there before reads on as the others do.
    assert await old.load("transcribe", AUDIO) == expected


async def test_a_checkpoint_of_before_streams_were_told_apart_counts(aws: Aws, prefix: str, observer: Observer) -> None:
    observer.resource("dynamodb").Table(f"{prefix}Checkpoints").put_item(
        Item={"stream": f"transcribe/{PREFIX}-audio", "shard": "shard-1", "sequence": f"{5:0129}", "ended": False}
    )
    at = checkpoints(aws, prefix)
    assert await at.load("transcribe", AUDIO) == {"shard-1": Checkpoint(5)}
    await at.save("transcribe", AUDIO, "shard-1", Checkpoint(6))
    assert await at.load("transcribe", AUDIO) == {"shard-1": Checkpoint(6)}


async def test_the_stream_is_asked_once(faulty: FaultyAws, prefix: str) -> None:
    at = checkpoints(faulty, prefix)
    await at.load("transcribe", AUDIO)
    for sequence in range(5):
        await at.save("transcribe", AUDIO, "shard-1", Checkpoint(sequence))
    assert faulty.calls["describe_stream_summary"] == 1
    for sequence in range(5):
        await at.save("dedup", AUDIO, "shard-1", Checkpoint(sequence))
    assert faulty.calls["describe_stream_summary"] == 2


async def test_a_missing_stream_says_how_to_make_it(aws: Aws, prefix: str) -> None:
    with pytest.raises(SetupError, match=r"stream nowhere-audio does not exist .*`llt streams create`"):
        await checkpoints(aws, prefix, "nowhere").load("transcribe", AUDIO)


async def test_of_workers_that_race_the_furthest_stays(aws: Aws, prefix: str) -> None:
    workers = [checkpoints(aws, prefix) for _ in range(2)]
    saved = [Checkpoint(KINESIS + step * 7 % 16) for step in range(16)]
    await asyncio.gather(*(workers[n % 2].save("transcribe", AUDIO, "shard-1", at) for n, at in enumerate(saved)))
    assert await workers[0].load("transcribe", AUDIO) == {"shard-1": Checkpoint(KINESIS + 15)}
    ends = (workers[n % 2].save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS, ended=n == 4)) for n in range(8))
    await asyncio.gather(*ends)
    assert await workers[1].load("transcribe", AUDIO) == {"shard-1": Checkpoint(KINESIS, ended=True)}


async def test_a_save_whose_answer_was_lost_may_be_made_again(faulty: FaultyAws, prefix: str) -> None:
    at = checkpoints(faulty, prefix)
    faulty.lose_answers("put_item", 1)
    with pytest.raises(StoreUnavailable):
        await at.save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS))
    await at.save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS))
    assert await at.load("transcribe", AUDIO) == {"shard-1": Checkpoint(KINESIS)}


async def test_an_operator_can_read_them(aws: Aws, prefix: str, observer: Observer) -> None:
    made_at = made(observer, f"{PREFIX}-live-{AUDIO}")
    clock = ManualClock(1_800_000_000_000)
    at = DynamoDbCheckpoints(aws, stream_prefix=f"{PREFIX}-live", table_prefix=prefix, clock=clock)
    await at.save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS))
    assert observer.resource("dynamodb").Table(f"{prefix}Checkpoints").scan()["Items"] == [
        {
            "stream": f"transcribe/{PREFIX}-live-audio",
            "shard": "shard-1",
            "sequence": f"{KINESIS:0129}",
            "ended": False,
            "made_at": made_at,
            "expires_at": 1_800_000_000 + KEPT,
        }
    ]


async def test_a_missing_table_says_how_to_make_it(aws: Aws) -> None:
    at = checkpoints(aws, "nowhere-")
    for attempt in (at.load("transcribe", AUDIO), at.save("transcribe", AUDIO, "shard-1", Checkpoint(1))):
        with pytest.raises(SetupError, match=r"table nowhere-Checkpoints .*`llt streams create`"):
            await attempt
