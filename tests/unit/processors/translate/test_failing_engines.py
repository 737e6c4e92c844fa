"""Engines that fail: what becomes of a language's segments, and that no other language waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.models import Status
from tests.unit.processors.translate.translate_harness import TranslateHarness, run_scenario, segment

pytestmark = pytest.mark.hermetic

OK, FAILED = Status.OK, Status.FAILED


def test_a_slow_language_delays_no_other_and_holds_the_input() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.delay["es"] = 10
        await harness.send(segment(1), segment(2), every=1)
        assert harness.translated("es") == []
        assert [number for number, _ in harness.statuses("ca")] == [1, 2]
        assert harness.acked == []
        await harness.until(11)
        assert harness.acked == [1]
        await harness.until(21)
        assert harness.statuses("es") == [(1, OK), (2, OK)]
        assert harness.acked == [1, 2]

    run_scenario(scenario)


def test_a_language_that_fails_for_ever_is_marked_failed_and_delays_no_other() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.broken.add("es")
        await harness.send(*(segment(number) for number in range(1, 36)), every=2)
        assert harness.statuses("ca") == [(number, OK) for number in range(1, 36)]
        assert harness.statuses("es") == [(number, FAILED) for number in range(1, 36)]
        assert harness.acked == list(range(1, 36))
        assert [(letter.stage, letter.language) for letter in harness.dead_letters] == [("translate", "es")] * 35

    run_scenario(scenario)


@pytest.mark.parametrize("trouble", ["broken", "hanging"])
def test_no_input_is_held_past_max_hold_and_one_last_try(trouble: str) -> None:
    async def scenario(harness: TranslateHarness) -> None:
        getattr(harness.engine, trouble).add("es")
        held: dict[int, float] = {}

        async def watch() -> None:
            while len(held) < 100:
                for number in harness.acked:
                    held.setdefault(number, asyncio.get_running_loop().time() - number)
                await asyncio.sleep(0.1)

        await harness.until(1)
        watching = asyncio.ensure_future(watch())
        await harness.send(*(segment(number) for number in range(1, 101)), every=1)
        await watching
        assert 10 <= held[1] <= 20.2
        assert max(held.values()) <= 22.2
        assert harness.statuses("es") == [(number, FAILED) for number in range(1, 101)]

    run_scenario(scenario, TranslateHarness(MAX_HOLD="20"))


def test_a_language_that_recovers_goes_on_where_it_stood() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.failures["es"] = 5
        await harness.send(segment(1), segment(2))
        await harness.until(10)
        assert harness.statuses("es") == [(1, OK), (2, OK)]
        assert harness.dead_letters == []

    run_scenario(scenario)


def test_a_language_that_recovers_after_it_failed_is_translated_again() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.broken.add("es")
        await harness.send(segment(1))
        await harness.until(61)
        harness.engine.broken.clear()
        await harness.send(segment(2), every=1)
        assert harness.statuses("es") == [(1, FAILED), (2, OK)]

    run_scenario(scenario)


def test_a_language_that_the_engine_never_serves_has_one_dead_letter_and_no_hold() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), segment(2), segment(3), every=0.001)
        assert harness.translated("xx") == [(1, FAILED, ""), (2, FAILED, ""), (3, FAILED, "")]
        assert harness.statuses("es") == [(1, OK), (2, OK), (3, OK)]
        [letter] = harness.dead_letters
        assert letter.language == "xx"
        assert "UnsupportedLanguage" in letter.error
        assert harness.acked == [1, 2, 3]

    run_scenario(scenario, TranslateHarness(("es", "xx")))


def test_a_segment_in_a_language_that_the_engine_does_not_know_ends_no_other() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        heard_wrongly = [replace(segment(number), language="xx") for number in (2, 3)]
        await harness.send(segment(1), *heard_wrongly, segment(4), every=0.001)
        assert harness.statuses("es") == [(1, OK), (2, FAILED), (3, FAILED), (4, OK)]
        assert len(harness.dead_letters) == 1

    run_scenario(scenario, TranslateHarness(("es",)))
