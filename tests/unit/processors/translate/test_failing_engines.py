"""Engines that fail: what becomes of a language's segments, and that no other language waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.models import Status
from tests.unit.processors.translate.translate_harness import TranslateHarness, run_scenario, segment

OK, FAILED = Status.OK, Status.FAILED


def test_a_slow_language_delays_no_other_and_holds_the_input() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.delay["es"] = 10
        await talk.send(segment(1), segment(2), every=1)
        assert talk.said("es") == []
        assert [number for number, _ in talk.statuses("ca")] == [1, 2]
        assert talk.released == []
        await talk.until(11)
        assert talk.released == [1]
        await talk.until(21)
        assert talk.statuses("es") == [(1, OK), (2, OK)]
        assert talk.released == [1, 2]

    run_scenario(scene)


def test_a_language_that_fails_for_ever_is_marked_failed_and_delays_no_other() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.broken.add("es")
        await talk.send(*(segment(number) for number in range(1, 36)), every=2)
        assert talk.statuses("ca") == [(number, OK) for number in range(1, 36)]
        assert talk.statuses("es") == [(number, FAILED) for number in range(1, 36)]
        assert talk.released == list(range(1, 36))
        assert [(letter.stage, letter.language) for letter in talk.letters] == [("translate", "es")] * 35

    run_scenario(scene)


@pytest.mark.parametrize("trouble", ["broken", "hanging"])
def test_no_input_is_held_past_max_hold_and_one_last_try(trouble: str) -> None:
    async def scene(talk: TranslateHarness) -> None:
        getattr(talk.engine, trouble).add("es")
        held: dict[int, float] = {}

        async def watch() -> None:
            while len(held) < 100:
                for number in talk.released:
                    held.setdefault(number, asyncio.get_running_loop().time() - number)
                await asyncio.sleep(0.1)

        await talk.until(1)
        watching = asyncio.ensure_future(watch())
        await talk.send(*(segment(number) for number in range(1, 101)), every=1)
        await watching
        assert 10 <= held[1] <= 20.2
        assert max(held.values()) <= 22.2
        assert talk.statuses("es") == [(number, FAILED) for number in range(1, 101)]

    run_scenario(scene, TranslateHarness(MAX_HOLD="20"))


def test_a_language_that_recovers_goes_on_where_it_stood() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.failures["es"] = 5
        await talk.send(segment(1), segment(2))
        await talk.until(10)
        assert talk.statuses("es") == [(1, OK), (2, OK)]
        assert talk.letters == []

    run_scenario(scene)


def test_a_language_that_recovers_after_it_failed_is_translated_again() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.broken.add("es")
        await talk.send(segment(1))
        await talk.until(61)
        talk.engine.broken.clear()
        await talk.send(segment(2), every=1)
        assert talk.statuses("es") == [(1, FAILED), (2, OK)]

    run_scenario(scene)


def test_a_language_that_the_engine_never_serves_has_one_dead_letter_and_no_hold() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1), segment(2), segment(3), every=0.001)
        assert talk.said("xx") == [(1, FAILED, ""), (2, FAILED, ""), (3, FAILED, "")]
        assert talk.statuses("es") == [(1, OK), (2, OK), (3, OK)]
        [letter] = talk.letters
        assert letter.language == "xx"
        assert "UnsupportedLanguage" in letter.error
        assert talk.released == [1, 2, 3]

    run_scenario(scene, TranslateHarness(("es", "xx")))


def test_a_segment_in_a_language_that_the_engine_does_not_know_ends_no_other() -> None:
    async def scene(talk: TranslateHarness) -> None:
        heard_wrongly = [replace(segment(number), language="xx") for number in (2, 3)]
        await talk.send(segment(1), *heard_wrongly, segment(4), every=0.001)
        assert talk.statuses("es") == [(1, OK), (2, FAILED), (3, FAILED), (4, OK)]
        assert len(talk.letters) == 1

    run_scenario(scene, TranslateHarness(("es",)))
