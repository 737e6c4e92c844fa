"""Checkpoints in DynamoDB only rise, whoever writes them and however long their numbers are."""

from __future__ import annotations

import asyncio

import pytest

from processors.hosts.checkpoints import Checkpoint, Checkpoints, MemoryCheckpoints
from processors.hosts.dynamodb_checkpoints import KEPT, DynamoDbCheckpoints
from shared.aws import Aws
from shared.errors import SetupError, StoreUnavailable
from shared.streams import StreamName
from tests.support.dynamodb import FaultyAws, SetClock
from tests.support.localstack import Observer

#: As Kinesis numbers records: 56 digits, which no number of DynamoDB's holds.
KINESIS = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
AUDIO = StreamName.AUDIO


def checkpoints(aws: Aws, prefix: str, stream_prefix: str = "audio-transcription") -> DynamoDbCheckpoints:
    return DynamoDbCheckpoints(aws, stream_prefix=stream_prefix, table_prefix=prefix)


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


async def test_streams_of_another_prefix_have_their_own(aws: Aws, prefix: str) -> None:
    await checkpoints(aws, prefix).save("transcribe", AUDIO, "shard-1", Checkpoint(1))
    assert await checkpoints(aws, prefix, "other").load("transcribe", AUDIO) == {}


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
    at = DynamoDbCheckpoints(aws, stream_prefix="live", table_prefix=prefix, clock=SetClock(1_800_000_000_000))
    await at.save("transcribe", AUDIO, "shard-1", Checkpoint(KINESIS))
    assert observer.resource("dynamodb").Table(f"{prefix}Checkpoints").scan()["Items"] == [
        {
            "stream": "transcribe/live-audio",
            "shard": "shard-1",
            "sequence": f"{KINESIS:0129}",
            "ended": False,
            "expires_at": 1_800_000_000 + KEPT,
        }
    ]


async def test_a_missing_table_says_how_to_make_it(aws: Aws) -> None:
    at = checkpoints(aws, "nowhere-")
    for attempt in (at.load("transcribe", AUDIO), at.save("transcribe", AUDIO, "shard-1", Checkpoint(1))):
        with pytest.raises(SetupError, match=r"table nowhere-Checkpoints .*`llt streams create`"):
            await attempt
