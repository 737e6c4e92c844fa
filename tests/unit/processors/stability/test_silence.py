"""Silence is evidence, absence is none: what a recogniser does not say is not taken for a speaker's pause."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.metrics import Metric
from shared.models import Record, Result, Silence, Word
from tests.support.effort import tries
from tests.support.virtual_time import VirtualLoop, run
from tests.unit.processors.stability.stability_harness import (
    final,
    partial,
    processed,
    said,
    segments,
    silence,
    silent,
    spoken,
    start_harness,
    with_silences,
)

pytestmark = pytest.mark.hermetic

GUESS = partial("costs twenty ~thou", 900)
SAID = final("costs twenty thousand pounds .", 17_500)


def test_an_outage_in_the_middle_of_a_number_commits_no_guess() -> None:
    async def main() -> None:
        harness = await processed(GUESS)
        await asyncio.sleep(16)
        assert said(harness) == []
        await harness.send(SAID)
        assert said(harness) == ["costs twenty thousand pounds."]

    run(main())


def test_a_reader_that_is_behind_gives_nothing_up_however_long() -> None:
    """As where the process was stopped and goes on: what came meanwhile is not read yet."""

    async def main() -> None:
        harness = await start_harness()
        harness.tip_lag = None
        await harness.send(GUESS)
        await asyncio.sleep(3600)
        assert said(harness) == []
        harness.tip_lag = 3590
        await asyncio.sleep(10)
        await harness.send(SAID)
        assert said(harness) == ["costs twenty thousand pounds."]

    run(main())


def test_a_process_that_was_stopped_gives_nothing_up_when_it_goes_on() -> None:
    async def main() -> None:
        harness = await processed(GUESS)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.leap(70)
        await asyncio.sleep(50)
        assert said(harness) == []
        await harness.send(SAID)
        assert said(harness) == ["costs twenty thousand pounds."]

    run(main())


def test_an_utterance_of_which_nothing_at_all_came_is_given_up_and_what_is_heard_again_is_not_said_twice() -> None:
    async def main() -> None:
        harness = await processed(GUESS, max_hold=60)
        await asyncio.sleep(59)
        assert (said(harness), harness.acked) == ([], [])
        await asyncio.sleep(2)
        assert (said(harness), harness.acked) == (["costs twenty"], [GUESS])
        await harness.send(SAID)
        assert said(harness) == ["costs twenty", "thousand pounds."]

    run(main())


def test_a_recogniser_that_is_silent_is_not_absent() -> None:
    async def main() -> None:
        guess = partial("costs them ~thou", 900)
        harness = await processed(guess, orphan_timeout=50)
        for position in range(3000, 50_000, 4700):
            await asyncio.sleep(50)
            await harness.send(silence(position))
        assert said(harness) == ["costs them"]
        assert guess not in harness.acked

    run(main())


def test_a_reopened_take_commits_nothing_of_what_it_hears_again() -> None:
    async def main() -> None:
        harness = await processed(GUESS)
        await asyncio.sleep(30)
        await harness.send(partial("costs twenty ~thousand", 900, take=2), *silent(GUESS, 20_000))
        await asyncio.sleep(10)
        assert said(harness) == []
        await harness.send(final("costs twenty thousand pounds .", 1500, take=2))
        assert said(harness) == ["costs twenty thousand pounds."]

    run(main())


@pytest.mark.parametrize(
    "stray",
    [silence(9000, take=2), silence(9000, utterance=2), silence(9000, utterance=0), silence(900), silence(0)],
    ids=["another take", "a later utterance", "an earlier utterance", "what is known", "an old one"],
)
def test_a_silence_about_something_else_does_nothing(stray: Silence) -> None:
    harness = run(processed(GUESS, stray))
    assert (said(harness), harness.acked) == ([], [stray])


def test_a_silence_before_any_result_does_nothing() -> None:
    harness = run(processed(first := silence(5000), partial("one two ~three", 900)))
    assert (said(harness), harness.acked) == ([], [first])


def test_a_pause_begins_behind_the_silence_that_a_new_hypothesis_broke() -> None:
    results: list[Record] = [partial("we went ~home", 900), silence(2700), partial("we went ~Rome", 1000)]
    assert said(run(processed(*results, silence(4600), max_buffer_timeout=10))) == []
    assert said(run(processed(*results, silence(4600), silence(4700), max_buffer_timeout=10))) == ["we went"]


@pytest.mark.parametrize("rate", [1.0, 1.5, 4.0, None], ids=["1x", "1.5x", "4x", "unlimited"])
def test_a_pause_commits_at_every_rate_of_feeding(rate: float | None) -> None:
    async def main() -> None:
        results: list[Result] = [partial("one two ~three", 900), partial("one two three ~four", 6000)]
        harness = await start_harness()
        position = 0
        for record in with_silences(results, rest=3000):
            if rate is not None:
                await asyncio.sleep((record.position - position) / 1000 / rate)
            position = record.position
            await harness.send(record)
        assert said(harness) == ["one two", "three"]

    run(main())


@st.composite
def broken_talks(draw: st.DrawFn) -> tuple[list[str], list[Result | Silence | float]]:
    """What is said in one breath, and what is heard of it: takes that end anywhere, and seconds without anything.

    A partial result's last word is a guess that is never right; a take hears the whole utterance again.
    """
    words = [Word(f"w{n}", n * 300, n * 300 + 300, True) for n in range(draw(st.integers(3, 30)))]
    heard: list[Result | Silence | float] = []
    takes = draw(st.integers(1, 4))
    for take in range(1, takes + 1):
        reaches = len(words) if take == takes else draw(st.integers(1, len(words)))
        for count in range(1, reaches + 1):
            guess = Word(f"guess{count}", words[count - 1].start, words[count - 1].end, False)
            heard.append(partial("", count * 300, take=take, items=(*words[: count - 1], guess)))
            if draw(st.integers(0, 9)) == 0:
                heard.append(draw(st.sampled_from([2.5, 5.0, 16.0, 50.0])))
    heard.append(final("", len(words) * 300, take=takes, items=tuple(words)))
    return [word.text for word in words], heard


@settings(max_examples=tries(100))
@given(broken_talks())
def test_no_guess_is_committed_wherever_takes_break_off_and_however_long_nothing_comes(
    harness: tuple[list[str], list[Result | Silence | float]],
) -> None:
    words, heard = harness

    async def main() -> None:
        operator = await start_harness()
        for record in heard:
            await (asyncio.sleep(record) if isinstance(record, float) else operator.send(record, every=0.1))
        assert spoken(segments(operator)) == words
        assert operator.metrics.total(Metric.RESULTS_CONTRADICTED) == 0

    run(main())
