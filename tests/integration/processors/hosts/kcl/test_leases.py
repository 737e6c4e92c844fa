"""Seeding and giving up leases, on LocalStack without KCL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.localstack.server import LocalStack
from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon.leases import LeaseTable
from shared.aws import Aws
from shared.errors import ResourceMissing
from tests.integration.processors.hosts.kcl.worker_harness import WorkerHarness, worker_harness
from tests.support.localstack import Observer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.system

FIRST, SECOND, THIRD = (f"shardId-{number:012}" for number in range(3))


@pytest.fixture
def harness(localstack: LocalStack, observer: Observer, tmp_path: Path) -> Iterator[WorkerHarness]:
    with worker_harness(localstack, observer, tmp_path) as opened:
        yield opened


@pytest.fixture
def application(harness: WorkerHarness) -> Application:
    return Application(("stability",), harness.stream.removesuffix("-transcripts"))


@pytest.fixture
def leases(aws: Aws, application: Application) -> LeaseTable:
    return LeaseTable(aws, application)


def split(harness: WorkerHarness) -> None:
    """Has two children in the place of the first shard."""
    harness.kinesis.split_shard(StreamName=harness.stream, ShardToSplit=FIRST, NewStartingHashKey=str(1 << 127))
    wait_until(lambda: status(harness) == "ACTIVE", "the split")


def status(harness: WorkerHarness) -> str:
    described = harness.kinesis.describe_stream_summary(StreamName=harness.stream)
    return str(described["StreamDescriptionSummary"]["StreamStatus"])


def advance(harness: WorkerHarness, shard: str, **attributes: Any) -> None:
    """Writes attributes of a lease, as a worker would."""
    table = harness.dynamodb
    row = table.get_item(TableName=harness.application, Key={"leaseKey": {"S": shard}})["Item"]
    table.put_item(TableName=harness.application, Item={**row, **attributes})


async def test_a_first_start_finds_a_lease_for_every_shard(harness: WorkerHarness, leases: LeaseTable) -> None:
    assert await leases.seed("trim_horizon") == 1
    (row,) = harness.leases().values()
    assert row == {
        "leaseKey": {"S": FIRST},
        "checkpoint": {"S": "TRIM_HORIZON"},
        "checkpointSubSequenceNumber": {"N": "0"},
        "leaseCounter": {"N": "0"},
        "ownerSwitchesSinceCheckpoint": {"N": "0"},
        "startingHashKey": {"S": "0"},
        "endingHashKey": {"S": str((1 << 128) - 1)},
    }
    (index,) = harness.dynamodb.describe_table(TableName=harness.application)["Table"]["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["IndexStatus"]) == ("LeaseOwnerToLeaseKeyIndex", "ACTIVE")


async def test_from_the_horizon_it_begins_with_the_parents(harness: WorkerHarness, leases: LeaseTable) -> None:
    split(harness)
    assert await leases.seed("trim_horizon") == 1
    assert set(harness.leases()) == {FIRST}


async def test_from_the_latest_it_begins_with_the_open_shards(harness: WorkerHarness, leases: LeaseTable) -> None:
    split(harness)
    assert await leases.seed("latest") == 2
    found = harness.leases()
    assert set(found) == {SECOND, THIRD}
    assert {row["checkpoint"]["S"] for row in found.values()} == {"LATEST"}
    assert found[SECOND]["parentShardId"] == {"SS": [FIRST]}


async def test_two_workers_that_start_at_once_make_each_lease_once(
    harness: WorkerHarness, aws: Aws, application: Application
) -> None:
    made = await asyncio.gather(*(LeaseTable(aws, application).seed("trim_horizon") for _ in range(8)))
    assert sum(made) == 1
    assert set(harness.leases()) == {FIRST}


async def test_a_half_seeded_table_is_completed(harness: WorkerHarness, leases: LeaseTable) -> None:
    split(harness)
    await leases.seed("latest")
    harness.dynamodb.delete_item(TableName=harness.application, Key={"leaseKey": {"S": SECOND}})
    advance(harness, THIRD, leaseOwner={"S": "other"}, leaseCounter={"N": "5"})
    assert await leases.seed("latest") == 1
    assert harness.owners() == {SECOND: None, THIRD: "other"}


async def test_a_shard_that_is_done_does_not_begin_again(harness: WorkerHarness, leases: LeaseTable) -> None:
    await leases.seed("trim_horizon")
    split(harness)
    # KCL has gone on to the children, and has removed the parent's lease.
    for shard in (SECOND, THIRD):
        row = harness.leases()[FIRST] | {"leaseKey": {"S": shard}}
        harness.dynamodb.put_item(TableName=harness.application, Item=row)
    harness.dynamodb.delete_item(TableName=harness.application, Key={"leaseKey": {"S": FIRST}})
    assert await leases.seed("trim_horizon") == 0
    assert set(harness.leases()) == {SECOND, THIRD}


async def test_a_table_that_was_worked_on_is_left_as_it_is(harness: WorkerHarness, leases: LeaseTable) -> None:
    split(harness)
    await leases.seed("latest")
    harness.dynamodb.delete_item(TableName=harness.application, Key={"leaseKey": {"S": SECOND}})
    advance(harness, THIRD, checkpoint={"S": "495"})
    assert await leases.seed("latest") == 0
    assert set(harness.leases()) == {THIRD}


async def test_leases_that_are_given_up_have_no_owner_and_a_new_counter(
    harness: WorkerHarness, leases: LeaseTable
) -> None:
    split(harness)
    await leases.seed("latest")
    advance(harness, SECOND, leaseOwner={"S": "me"}, leaseCounter={"N": "5"}, checkpoint={"S": "495"})
    advance(harness, THIRD, leaseOwner={"S": "other"})
    assert await leases.release("me") == 1
    assert harness.owners() == {SECOND: None, THIRD: "other"}
    second = harness.leases()[SECOND]
    assert (second["leaseCounter"]["N"], second["checkpoint"]["S"]) == ("6", "495")


async def test_a_stream_that_is_missing_is_named(aws: Aws) -> None:
    with pytest.raises(ResourceMissing, match="stream nowhere-transcripts does not exist"):
        await LeaseTable(aws, Application(("stability",), "nowhere")).seed("latest")
