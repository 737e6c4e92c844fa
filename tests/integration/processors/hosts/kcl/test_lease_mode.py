"""Which KCL's leases an application keeps, on LocalStack without KCL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.localstack.server import LocalStack
from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon.lease_mode import LeaseMode
from shared.aws import Aws
from tests.integration.processors.hosts.kcl.worker_harness import WorkerHarness, worker_harness
from tests.support.localstack import Observer

pytestmark = pytest.mark.system

KEY = {"key": {"S": "Migration3.0"}}


@pytest.fixture
def harness(localstack: LocalStack, observer: Observer, tmp_path: Path) -> Iterator[WorkerHarness]:
    with worker_harness(localstack, observer, tmp_path) as opened:
        yield opened


@pytest.fixture
def mode(harness: WorkerHarness, aws: Aws) -> LeaseMode:
    return LeaseMode(aws, Application(("stability",), harness.stream.removesuffix("-transcripts")))


def settled(harness: WorkerHarness) -> dict[str, Any] | None:
    """What is written of the mode."""
    item = harness.dynamodb.get_item(TableName=f"{harness.application}-CoordinatorState", Key=KEY, ConsistentRead=True)
    found: dict[str, Any] | None = item.get("Item")
    return found


async def test_an_application_that_begins_as_kcl_2_does_stays_so(harness: WorkerHarness, mode: LeaseMode) -> None:
    await asyncio.gather(*(mode.ensure("2x", f"w-{number}") for number in range(4)))
    item = settled(harness)
    assert item is not None
    assert item["cv"] == {"S": "CLIENT_VERSION_2X"}
    assert item["mb"]["S"].startswith("w-")
    assert int(item["mts"]["N"]) > 0


async def test_one_that_begins_as_kcl_3_does_is_left_to_kcl(harness: WorkerHarness, mode: LeaseMode) -> None:
    await mode.ensure("3x", "w")
    assert settled(harness) is None


@pytest.mark.parametrize(
    ("found", "wanted", "becomes"),
    [
        ("CLIENT_VERSION_2X", "2x", "CLIENT_VERSION_2X"),
        ("CLIENT_VERSION_UPGRADE_FROM_2X", "2x", "CLIENT_VERSION_2X"),
        ("CLIENT_VERSION_3X_WITH_ROLLBACK", "2x", "CLIENT_VERSION_2X"),
        ("CLIENT_VERSION_3X", "2x", "CLIENT_VERSION_3X"),
        ("CLIENT_VERSION_2X", "3x", "CLIENT_VERSION_UPGRADE_FROM_2X"),
        ("CLIENT_VERSION_UPGRADE_FROM_2X", "3x", "CLIENT_VERSION_UPGRADE_FROM_2X"),
        ("CLIENT_VERSION_3X", "3x", "CLIENT_VERSION_3X"),
    ],
)
async def test_it_changes_as_far_as_kcl_can(
    harness: WorkerHarness, mode: LeaseMode, caplog: pytest.LogCaptureFixture, found: str, wanted: str, becomes: str
) -> None:
    await mode.ensure("2x", "w")
    table = f"{harness.application}-CoordinatorState"
    harness.dynamodb.put_item(TableName=table, Item={**KEY, "cv": {"S": found}, "mb": {"S": "x"}, "mts": {"N": "1"}})
    await mode.ensure(wanted, "w")
    item = settled(harness)
    assert item is not None
    assert item["cv"] == {"S": becomes}
    assert item["mb"] == {"S": "x" if found == becomes else "w"}
    assert ("KCL knows no way back" in caplog.text) == (found == "CLIENT_VERSION_3X" and wanted == "2x")
