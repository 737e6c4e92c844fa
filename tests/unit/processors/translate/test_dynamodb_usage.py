"""Characters spent, in a table that is slow: each is written once, and no reservation waits longer than its second."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from processors.translate.dynamodb_usage import DynamoDbUsage
from shared.aws import Aws, AwsClient, AwsError
from shared.aws.session import NO_RETRIES, AwsRetries
from shared.errors import LowLatencyTranslateError, StoreUnavailable
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

PLENTY = 10**9
#: Seconds after which a table that failed is asked again.
REST = 5.001


class SlowSpending(Aws):
    """A table Spending that takes a write at once and answers `seconds` later; `failing` takes none, and fails then.

    As in a thread, a call goes on when nobody waits for it any more.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.failing = False
        self.spent: defaultdict[str, int] = defaultdict(int)
        self.writes: list[tuple[str, int]] = []
        self.under_way = 0
        self.most_under_way = 0
        self.threads: set[asyncio.Task[dict[str, Any]]] = set()

    def client(
        self, service: str, unavailable: type[LowLatencyTranslateError], retries: AwsRetries = NO_RETRIES
    ) -> AwsClient:
        return _Client(self)

    async def update(self, parameters: dict[str, Any]) -> dict[str, Any]:
        thread = asyncio.create_task(self._update(parameters))
        self.threads.add(thread)
        thread.add_done_callback(self.threads.discard)
        return await asyncio.shield(thread)

    async def _update(self, parameters: dict[str, Any]) -> dict[str, Any]:
        account = parameters["Key"]["account"]["S"]
        values = {name: int(value["N"]) for name, value in parameters["ExpressionAttributeValues"].items()}
        room, failing = values.get(":room"), self.failing
        refused = room is not None and self.spent[account] > room
        self.writes.append((account, values[":characters"]))
        if not (failing or refused):
            self.spent[account] += values[":characters"]
        spent = self.spent[account]
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        if failing:
            raise StoreUnavailable("the table is down")
        if refused:
            raise AwsError("no room", "ConditionalCheckFailedException")
        return {"Attributes": {"characters": {"N": str(spent)}}}


class _Client(AwsClient):
    def __init__(self, table: SlowSpending) -> None:
        self._table = table

    @property
    def endpoint(self) -> str:
        return "nowhere"

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        assert operation == "update_item"
        return await self._table.update(parameters)


def run_scenario(scenario: Callable[[DynamoDbUsage, SlowSpending], Awaitable[None]]) -> None:
    """Runs it on virtual time."""

    async def main() -> None:
        table = SlowSpending()
        await scenario(DynamoDbUsage(table, clock=VirtualClock()), table)

    run(main())


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_write_that_is_answered_late_is_not_written_again() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.seconds = 1.2
        for _ in range(24):
            began = now()
            assert await usage.reserve("day", 100, PLENTY)
            assert now() - began <= 1
            await asyncio.sleep(REST)
        assert table.spent == {"day": 2400}
        await usage.close()
        assert table.spent == {"day": 2400}

    run_scenario(scenario)


def test_a_debt_is_written_once_however_late_the_answer() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.failing = True
        assert await usage.reserve("day", 300, PLENTY)
        table.failing, table.seconds = False, 10
        # The second of these comes while the debt is being written.
        for _ in range(2):
            await asyncio.sleep(REST)
            began = now()
            assert await usage.reserve("day", 100, PLENTY)
            assert now() - began <= 1
        assert table.writes[1:] == [("day", 300)]
        table.seconds = 0
        await asyncio.sleep(20)
        assert await usage.reserve("day", 100, PLENTY)
        assert table.writes[2:] == [("day", 200), ("day", 100)]
        assert table.spent == {"day": 600}

    run_scenario(scenario)


def test_a_reservation_that_fails_late_is_owed() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.failing, table.seconds = True, 1.2
        assert await usage.reserve("day", 60, 100)
        await asyncio.sleep(REST)
        table.failing, table.seconds = False, 0
        assert not await usage.reserve("day", 41, 100)
        assert table.spent == {"day": 60}
        assert await usage.reserve("day", 40, 100)

    run_scenario(scenario)


def test_a_debt_whose_writing_fails_late_is_still_owed() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.failing, table.seconds = True, 1.2
        for _ in range(4):
            assert await usage.reserve("day", 100, PLENTY)
            await asyncio.sleep(REST)
        table.failing, table.seconds = False, 0
        assert await usage.reserve("day", 100, PLENTY)
        assert table.spent == {"day": 500}

    run_scenario(scenario)


def test_what_the_table_refuses_late_was_spent_all_the_same() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.spent["day"], table.seconds = 90, 1.2
        assert await usage.reserve("day", 20, 100)
        await asyncio.sleep(REST)
        table.seconds = 0
        assert not await usage.reserve("day", 1, 100)
        assert table.spent == {"day": 110}

    run_scenario(scenario)


def test_what_the_table_takes_late_and_memory_refused_is_given_back() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        assert await usage.reserve("day", 90, 100)
        # Another worker gives back.
        table.spent["day"], table.seconds = 0, 1.2
        assert not await usage.reserve("day", 20, 100)
        await asyncio.sleep(REST)
        table.seconds = 0
        assert await usage.reserve("day", 100, 100)
        assert table.spent == {"day": 100}

    run_scenario(scenario)


def test_a_late_answer_forgets_nothing_that_was_booked_since() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.seconds = 1.2
        assert await usage.reserve("day", 40, 100)
        # Booked in memory before the answer to the first comes.
        assert await usage.reserve("day", 40, 100)
        await asyncio.sleep(1)
        assert not await usage.reserve("day", 40, 100)

    run_scenario(scenario)


@pytest.mark.parametrize("failing", [True, False])
def test_a_late_answer_forgets_no_other_booking_that_is_under_way(failing: bool) -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.seconds = 1.2
        first = asyncio.create_task(usage.reserve("day", 40, 100))
        await asyncio.sleep(0.01)
        table.failing, table.seconds = failing, 4
        assert await usage.reserve("day", 40, 100)
        assert await first
        await asyncio.sleep(0.5)
        assert not await usage.reserve("day", 40, 100)
        await asyncio.sleep(4)
        assert not await usage.reserve("day", 40, 100)
        assert await usage.reserve("day", 20, 100)

    run_scenario(scenario)


def test_what_the_table_takes_late_and_memory_refused_is_not_counted_in_memory_either() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        assert await usage.reserve("day", 90, 100)
        # Another worker gives back.
        table.spent["day"], table.seconds = 0, 1.2
        assert not await usage.reserve("day", 20, 100)
        await asyncio.sleep(0.5)
        assert await usage.reserve("day", 90, 100)

    run_scenario(scenario)


def test_a_stalled_table_has_few_writes_under_way() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.seconds = 60
        for _ in range(2):
            assert all(await asyncio.gather(*(usage.reserve(f"session:{n}", 10, 100) for n in range(40))))
            await asyncio.sleep(REST)
        assert table.most_under_way == 8
        table.seconds = 0
        await asyncio.sleep(120)
        await usage.close()
        assert table.spent == {f"session:{n}": 20 for n in range(40)}

    run_scenario(scenario)


@pytest.mark.parametrize("failing", [True, False])
def test_closing_waits_for_what_is_under_way(failing: bool) -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.failing, table.seconds = failing, 1.5
        assert await usage.reserve("day", 100, PLENTY)
        table.failing, table.seconds = False, 0
        await usage.close()
        assert table.spent == {"day": 100}

    run_scenario(scenario)


def test_closing_lets_go_of_what_does_not_end() -> None:
    async def scenario(usage: DynamoDbUsage, table: SlowSpending) -> None:
        table.failing = True
        assert await usage.reserve("day", 100, PLENTY)
        table.failing, table.seconds = False, 60
        before = asyncio.all_tasks()
        assert await usage.reserve("session", 100, PLENTY)
        await asyncio.sleep(REST)
        assert await usage.reserve("session", 100, PLENTY)
        assert await usage.reserve("day", 100, PLENTY)
        began = now()
        await usage.close()
        assert now() - began <= 1
        assert asyncio.all_tasks() - before == table.threads

    run_scenario(scenario)
