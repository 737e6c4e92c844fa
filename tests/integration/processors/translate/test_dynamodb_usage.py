"""Characters spent that all workers share: no cap is overrun, whoever books, and no outage forgets what was spent."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from processors.translate.dynamodb_usage import DynamoDbUsage
from shared.aws import Aws
from shared.errors import StoreUnavailable
from tests.support.clocks import ManualClock
from tests.support.dynamodb import FaultyAws
from tests.support.localstack import Observer
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def _long_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """LocalStack on a machine that is busy with other tests is slower than DynamoDB."""
    monkeypatch.setattr("processors.translate.dynamodb_usage._TIMEOUT", 5.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW * 1000)


@pytest.fixture
def usage(aws: Aws, prefix: str, clock: ManualClock) -> DynamoDbUsage:
    return DynamoDbUsage(aws, prefix, clock=clock)


@pytest.fixture
def faulty_usage(faulty: FaultyAws, prefix: str, clock: ManualClock) -> DynamoDbUsage:
    """One whose calls go wrong where the test wants it."""
    return DynamoDbUsage(faulty, prefix, clock=clock)


class SpendingTable:
    """What stands in the table, whatever the product believes."""

    def __init__(self, observer: Observer, prefix: str) -> None:
        self._table = observer.resource("dynamodb").Table(f"{prefix}Spending")

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._table.scan()["Items"]
        return items

    def spent(self, account: str) -> int:
        return next((int(item["characters"]) for item in self.items() if item["account"] == account), 0)


@pytest.fixture
def table(observer: Observer, prefix: str) -> SpendingTable:
    return SpendingTable(observer, prefix)


async def test_workers_and_restarts_share_an_account(
    usage: DynamoDbUsage, faulty_usage: DynamoDbUsage, table: SpendingTable
) -> None:
    assert await usage.reserve("session:talk", 60, 100)
    assert not await faulty_usage.reserve("session:talk", 60, 100)
    assert await faulty_usage.reserve("session:talk", 40, 100)
    assert not await usage.reserve("session:talk", 1, 100)
    assert not await usage.reserve("session:other", 101, 100)
    assert table.items() == [{"account": "session:talk", "characters": 100, "expires_at": NOW + 7 * 86_400}]


async def test_many_at_once_never_overrun_the_cap(
    usage: DynamoDbUsage, faulty_usage: DynamoDbUsage, table: SpendingTable
) -> None:
    reserved = await asyncio.gather(*(each.reserve("day", 30, 200) for each in (usage, faulty_usage) * 6))
    assert reserved.count(True) == 6
    assert table.spent("day") == 180


async def test_what_is_given_back_may_be_spent(usage: DynamoDbUsage, faulty_usage: DynamoDbUsage) -> None:
    assert await usage.reserve("day", 100, 100)
    await usage.refund("day", 30)
    assert await usage.reserve("day", 30, 100)
    assert not await faulty_usage.reserve("day", 1, 100)


async def test_an_outage_stops_nobody_and_the_cap_holds_in_memory(
    faulty_usage: DynamoDbUsage,
    faulty: FaultyAws,
    clock: ManualClock,
    table: SpendingTable,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await faulty_usage.reserve("day", 50, 100)
    faulty.refuse(StoreUnavailable("the table is down"))
    with caplog.at_level(logging.WARNING):
        assert await faulty_usage.reserve("day", 30, 100)
        clock.pass_by(6)
        assert not await faulty_usage.reserve("day", 30, 100)
        assert await faulty_usage.reserve("day", 20, 100)
    assert [record.getMessage() for record in caplog.records] == [
        "translate: characters spent cannot be written and are counted in memory: the table is down"
    ]
    assert table.spent("day") == 50
    faulty.refuse(None)
    clock.pass_by(6)
    assert not await faulty_usage.reserve("day", 1, 100)
    assert table.spent("day") == 100
    assert await faulty_usage.reserve("day", 1, 101)


async def test_what_is_owed_is_written_at_the_end(
    faulty_usage: DynamoDbUsage, faulty: FaultyAws, table: SpendingTable
) -> None:
    faulty.refuse(StoreUnavailable("the table is down"))
    assert await faulty_usage.reserve("day", 30, 100)
    faulty.refuse(None)
    await faulty_usage.close()
    assert table.spent("day") == 30


async def test_a_table_that_never_answers_is_not_waited_for(
    faulty_usage: DynamoDbUsage, faulty: FaultyAws, table: SpendingTable
) -> None:
    answers = asyncio.Event()

    async def asked(operation: str, parameters: dict[str, Any]) -> None:
        await answers.wait()

    faulty.asked = asked
    async with asyncio.timeout(TIMEOUT):
        assert await faulty_usage.reserve("day", 30, 100)
        # It rests now, and is not asked.
        assert await faulty_usage.reserve("day", 30, 100)
        assert not await faulty_usage.reserve("day", 50, 100)
    assert faulty.calls == {"update_item": 1}
    answers.set()
    await faulty_usage.close()
    assert table.spent("day") == 60


async def test_a_missing_table_stops_nobody(aws: Aws, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    lost = DynamoDbUsage(aws, "nowhere-", clock=clock)
    assert await lost.reserve("day", 60, 100)
    assert not await lost.reserve("day", 60, 100)
    await lost.close()
    assert "`llt streams create`" in caplog.text
