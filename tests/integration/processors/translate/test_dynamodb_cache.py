"""Translations that all workers share: they never fail a translation and hardly delay one."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from processors.translate.cache import MemoryTranslationCache
from processors.translate.dynamodb_cache import DynamoDbTranslationCache
from shared.aws import Aws
from shared.errors import StoreUnavailable
from tests.support.clocks import ManualClock
from tests.support.dynamodb import FaultyAws
from tests.support.localstack import Observer
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

NOW = 1_800_000_000
KEY = "en:es:0123"


@pytest.fixture(autouse=True)
def _long_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """LocalStack on a machine that is busy with other tests is slower than DynamoDB."""
    monkeypatch.setattr("processors.translate.dynamodb_cache._TIMEOUT", 1.5)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW * 1000)


class Worker:
    """A cache, and the memory before it."""

    def __init__(self, aws: Aws, prefix: str, clock: ManualClock) -> None:
        self.memory = MemoryTranslationCache(100, clock=clock)
        self.cache = DynamoDbTranslationCache(self.memory, aws, prefix, clock=clock)

    async def kept(self, key: str, text: str) -> None:
        """Puts the translation, and returns when it is written."""
        await self.cache.put(key, text)
        await self.cache.close()


@pytest.fixture
def worker(aws: Aws, prefix: str, clock: ManualClock) -> Worker:
    return Worker(aws, prefix, clock)


@pytest.fixture
def faulty_worker(faulty: FaultyAws, prefix: str, clock: ManualClock) -> Worker:
    """A worker whose calls go wrong where the test wants it."""
    return Worker(faulty, prefix, clock)


def stall(faulty: FaultyAws, operation: str, until: asyncio.Event) -> None:
    async def asked(called: str, parameters: dict[str, Any]) -> None:
        if called == operation:
            await until.wait()

    faulty.asked = asked


async def test_what_one_worker_translated_another_finds(
    worker: Worker, faulty_worker: Worker, faulty: FaultyAws
) -> None:
    assert await faulty_worker.cache.get(KEY) is None
    await worker.kept(KEY, "buenas noches")
    assert worker.cache.size == 1
    assert await faulty_worker.cache.get(KEY) == "buenas noches"
    assert await faulty_worker.cache.get(KEY) == "buenas noches"
    assert faulty_worker.cache.size == 1
    assert faulty.calls == {"get_item": 2}


async def test_it_is_kept_for_an_hour(
    worker: Worker, aws: Aws, prefix: str, clock: ManualClock, observer: Observer
) -> None:
    await worker.kept(KEY, "hola")
    items = observer.resource("dynamodb").Table(f"{prefix}CachedTranslations").scan()["Items"]
    assert items == [{"key": KEY, "text": "hola", "expires_at": NOW + 3600}]
    clock.pass_by(3599)
    assert await Worker(aws, prefix, clock).cache.get(KEY) == "hola"
    clock.pass_by(1)
    assert await worker.cache.get(KEY) is None
    assert await Worker(aws, prefix, clock).cache.get(KEY) is None


async def test_a_table_that_fails_finds_nothing_and_says_so_once(
    faulty_worker: Worker, worker: Worker, faulty: FaultyAws, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    await worker.kept(KEY, "hola")
    faulty.refuse(StoreUnavailable("the table is down"))
    for _ in range(3):
        assert await faulty_worker.cache.get(KEY) is None
        await faulty_worker.kept("en:es:4567", "adiós")
        clock.pass_by(5)
    assert await faulty_worker.cache.get("en:es:4567") == "adiós"
    assert sorted(record.message for record in caplog.records) == [
        "translate: kept translations cannot be read: the table is down",
        "translate: kept translations cannot be written: the table is down",
    ]
    faulty.refuse(None)
    assert await faulty_worker.cache.get(KEY) == "hola"
    caplog.clear()
    faulty.refuse(ValueError("who said adiós"))
    assert await faulty_worker.cache.get("en:es:89") is None
    assert [record.message for record in caplog.records] == ["translate: kept translations cannot be read: ValueError"]


async def test_a_failing_table_is_left_alone_for_a_while(
    faulty_worker: Worker, faulty: FaultyAws, clock: ManualClock
) -> None:
    faulty.refuse(StoreUnavailable("down"))
    for number in range(9):
        assert await faulty_worker.cache.get(f"{number}") is None
        await faulty_worker.kept(f"{number}", "hola")
    assert faulty.calls == {"get_item": 1, "put_item": 1}
    clock.pass_by(5)
    assert await faulty_worker.cache.get("other") is None
    assert faulty.calls["get_item"] == 2


async def test_a_missing_table_fails_no_translation(
    aws: Aws, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    lost = Worker(aws, "nowhere-", clock)
    assert await lost.cache.get(KEY) is None
    await lost.kept(KEY, "hola")
    assert await lost.cache.get(KEY) == "hola"
    assert "`llt streams create`" in caplog.text


async def test_a_slow_table_is_not_waited_for(faulty_worker: Worker, worker: Worker, faulty: FaultyAws) -> None:
    await worker.kept(KEY, "hola")
    answers = asyncio.Event()
    stall(faulty, "get_item", answers)
    async with asyncio.timeout(TIMEOUT):
        assert await faulty_worker.cache.get(KEY) is None
    answers.set()
    await faulty_worker.cache.close()
    assert await faulty_worker.memory.get(KEY) == "hola"


async def test_many_lookups_at_once_all_find_what_is_there(
    worker: Worker, faulty_worker: Worker, faulty: FaultyAws
) -> None:
    keys = [f"en:es:{number}" for number in range(8)]
    for key in keys:
        await worker.kept(key, key)
    under_way, most = 0, 0

    async def asked(operation: str, parameters: dict[str, Any]) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)

    async def answered(operation: str, answer: dict[str, Any]) -> None:
        nonlocal under_way
        under_way -= 1

    faulty.asked, faulty.answered = asked, answered
    found = await asyncio.gather(*(faulty_worker.cache.get(key) for key in keys * 2))
    assert [text for text in found if text is not None] == keys * 2
    assert most == 8


async def test_more_lookups_at_once_than_find_their_turn_are_no_fault_of_the_table(
    faulty_worker: Worker,
    worker: Worker,
    faulty: FaultyAws,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def asked(operation: str, parameters: dict[str, Any]) -> None:
        await asyncio.sleep(0.3)

    # The last of these would have their turn after 4 s.
    await worker.kept(KEY, "hola")
    faulty.asked = asked
    found = await asyncio.gather(*(faulty_worker.cache.get(f"{number}") for number in range(100)))
    assert found == [None] * 100
    assert 8 <= faulty.calls["get_item"] < 100
    assert await faulty_worker.cache.get(KEY) == "hola"
    assert not caplog.records


async def test_a_stalled_table_has_few_calls_under_way(
    faulty_worker: Worker, faulty: FaultyAws, clock: ManualClock
) -> None:
    stall(faulty, "get_item", asyncio.Event())
    for _ in range(2):
        found = await asyncio.gather(*(faulty_worker.cache.get(f"{number}") for number in range(20)))
        assert found == [None] * 20
        clock.pass_by(5)
    assert faulty.calls == {"get_item": 8}


async def test_a_stalled_write_delays_nothing_and_is_let_go(
    faulty_worker: Worker, faulty: FaultyAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.translate.dynamodb_cache._CLOSE_TIMEOUT", 0.05)
    stall(faulty, "put_item", asyncio.Event())
    before = asyncio.all_tasks()
    for number in range(20):
        await faulty_worker.cache.put(f"{number}", "hola")
    await asyncio.sleep(0)
    assert faulty.calls == {"put_item": 8}
    assert faulty_worker.cache.size == 20
    await faulty_worker.cache.close()
    assert asyncio.all_tasks() == before


def test_nothing_is_left_behind_when_the_loop_ends(
    aws: Aws, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        faulty = FaultyAws(aws)
        faulty_worker = Worker(faulty, "nowhere-", clock)
        stall(faulty, "get_item", asyncio.Event())
        assert await faulty_worker.cache.get(KEY) is None
        stall(faulty, "put_item", asyncio.Event())
        await faulty_worker.cache.put(KEY, "hola")

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert not [record for record in caplog.records if record.name == "asyncio"]
