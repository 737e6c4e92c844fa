"""What is paid by the character stops at its cap, and nothing else does."""

from __future__ import annotations

import asyncio
import logging

import pytest

from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.usage import MemoryUsage
from shared.metrics import Metric
from shared.models import Status
from shared.settings import Settings
from tests.unit.processors.translate.translate_harness import TranslateHarness, run_scenario, segment

pytestmark = pytest.mark.hermetic

OK, SKIPPED, FAILED = Status.OK, Status.SKIPPED, Status.FAILED
#: As many characters as `segment` says.
LENGTH = len("Sentence 1.")


def paid(*languages: str, day: int = 0, usage: MemoryUsage | None = None, **settings: str) -> TranslateHarness:
    """A talk whose engine is paid by the character."""
    engine = ScriptedTranslator()
    engine.billed = True
    process = Settings(translate_day_characters=day)
    return TranslateHarness(languages or ("es", "ca"), **settings).with_engine(engine, usage or MemoryUsage(), process)


def test_a_session_stops_at_its_cap_and_its_segments_are_skipped(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(harness: TranslateHarness) -> None:
        with caplog.at_level(logging.WARNING):
            await harness.send(*(segment(number) for number in range(1, 5)), every=1)
        metrics = harness.context.metrics
        assert harness.statuses("es") == harness.statuses("ca") == [(1, OK), (2, OK), (3, SKIPPED), (4, SKIPPED)]
        assert harness.translated("es")[2] == (3, SKIPPED, "")
        assert harness.acked == [1, 2, 3, 4]
        assert harness.dead_letters == []
        assert metrics.total(Metric.TRANSLATED_CHARACTERS, language="es") == 2 * LENGTH
        assert metrics.total(Metric.TRANSLATED_CHARACTERS) == 4 * LENGTH
        assert metrics.total(Metric.SPEND_REFUSED, reason="session") == 4
        assert len(harness.engine.requests) == 4

    run_scenario(scenario, paid(TRANSLATE_SESSION_CHARACTERS=str(4 * LENGTH + 3)))
    warnings = [record.getMessage() for record in caplog.records if "cap" in record.getMessage()]
    assert warnings == [
        f"translate: talk goes on without some translations: the session's cap of {4 * LENGTH + 3} characters is reached"
    ]


def test_a_day_is_shared_by_all_sessions_and_ends_at_midnight() -> None:
    usage = MemoryUsage()
    cap = 3 * LENGTH

    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), segment(2), every=1)
        assert harness.statuses("es") == [(1, OK), (2, OK)]

    async def next_session(harness: TranslateHarness) -> None:
        await harness.send(segment(3), segment(4, "Bye."), segment(5), every=1)
        assert harness.statuses("es") == [(3, OK), (4, SKIPPED), (5, SKIPPED)]
        assert harness.context.metrics.total(Metric.SPEND_REFUSED, reason="day") == 2
        await harness.until(86_400)
        await harness.send(segment(6), every=1)
        assert harness.statuses("es")[3:] == [(6, OK)]

    run_scenario(scenario, paid("es", day=cap, usage=usage))
    run_scenario(next_session, paid("es", day=cap, usage=usage))


def test_what_the_day_refuses_is_not_reserved_on_the_session() -> None:
    usage = MemoryUsage()

    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), segment(2), every=1)
        assert harness.statuses("es") == [(1, OK), (2, SKIPPED)]
        assert await usage.reserve("session:talk", LENGTH, 2 * LENGTH)

    run_scenario(scenario, paid("es", day=LENGTH, usage=usage))


def test_no_session_raises_the_cap_of_the_day() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), every=1)
        assert harness.statuses("es") == [(1, SKIPPED)]

    run_scenario(scenario, paid("es", day=5, TRANSLATE_DAY_CHARACTERS="0"))


def test_what_the_cache_answers_costs_nothing() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(*(segment(number, "Good night.") for number in range(1, 6)), segment(6, "Bye."), every=1)
        assert harness.statuses("es") == [*((number, OK) for number in range(1, 6)), (6, SKIPPED)]

    run_scenario(scenario, paid("es", TRANSLATE_SESSION_CHARACTERS=str(len("Good night."))))


def test_a_try_after_a_failure_is_not_counted_again() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.failures["es"] = 5
        await harness.send(segment(1))
        await harness.until(30)
        assert harness.statuses("es") == [(1, OK)]
        assert len(harness.engine.requests) == 6
        assert harness.context.metrics.total(Metric.TRANSLATED_CHARACTERS) == LENGTH

    run_scenario(scenario, paid("es", TRANSLATE_SESSION_CHARACTERS=str(LENGTH)))


def test_a_cap_of_nothing_is_none() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1, "a" * 100_000), every=1)
        assert harness.statuses("es") == [(1, OK)]

    run_scenario(scenario, paid("es", TRANSLATE_SESSION_CHARACTERS="0"))


def test_an_engine_that_costs_nothing_knows_no_cap() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), every=1)
        assert harness.statuses("es") == harness.statuses("ca") == [(1, OK)]
        assert harness.context.metrics.total(Metric.TRANSLATED_CHARACTERS) == 0

    run_scenario(scenario, TranslateHarness(TRANSLATE_SESSION_CHARACTERS="1"))


async def test_an_account_is_never_reserved_over_its_cap() -> None:
    usage = MemoryUsage()
    reserved = await asyncio.gather(*(usage.reserve("a", 30, 100) for _ in range(5)))
    assert reserved == [True, True, True, False, False]
    await usage.refund("a", 30)
    assert await usage.reserve("a", 40, 100)
    assert not await usage.reserve("a", 1, 100)
    assert await usage.reserve("b", 100, 100)
