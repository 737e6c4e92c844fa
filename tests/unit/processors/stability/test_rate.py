"""The rate window, and a backlog that is decided on as live speech is."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.metrics import Metric
from shared.models import Result
from tests.support.effort import tries
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    ended,
    final,
    items,
    partial,
    processed,
    said,
    segments,
    silence,
    start_harness,
    with_silences,
)

pytestmark = pytest.mark.hermetic


def measured_results(harness: OperatorHarness) -> int:
    return len(harness.metrics.observations(Metric.PARTIAL_RESULT_PROCESSING_LATENCY))


def test_the_first_of_a_window_is_processed_at_once_and_the_newest_at_its_end() -> None:
    async def main() -> None:
        harness = await start_harness()
        results = [partial("one", 1000), partial("one . ~two", 1050), partial("one . two ! ~three", 1100)]
        await harness.send(*results, every=0.05)
        assert (measured_results(harness), said(harness)) == (1, [])
        await asyncio.sleep(0.04)
        assert (measured_results(harness), said(harness)) == (1, [])
        await asyncio.sleep(0.02)
        assert (measured_results(harness), said(harness)) == (2, ["one.", "two!"])
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_RECEIVED) == 3
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_SUPERSEDED) == 1
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 0
        latencies = harness.metrics.observations(Metric.PARTIAL_RESULT_PROCESSING_LATENCY)
        assert [round(latency) for latency in latencies] == [0, 100]

    run(main())


@pytest.mark.parametrize("every", [0.05, 0.0], ids=["live", "in a backlog"])
def test_one_is_processed_in_every_window(every: float) -> None:
    async def main() -> None:
        harness = await processed(*(partial("one", position) for position in range(1000, 2000, 50)), every=every)
        await asyncio.sleep(0.2)
        assert measured_results(harness) == 6
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_SUPERSEDED) == 14

    run(main())


def test_a_final_waits_for_no_window() -> None:
    async def main() -> None:
        results: list[Result] = [partial("one", 1000), partial("one two", 1050), final("one two three", 1100)]
        harness = await processed(*results)
        assert said(harness) == ["one two three"]
        assert harness.acked == results
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_SUPERSEDED) == 1

    run(main())


def test_a_pause_waits_for_no_window() -> None:
    results = [partial("one", 1000), partial("one two ~three", 1010)]
    assert said(run(processed(*results, silence(1510), max_rate_per_second=1, pause_threshold=0.5))) == ["one two"]


def test_a_silence_closes_the_window() -> None:
    results = [partial("one", 1000), partial("one . ~two", 1050)]
    assert said(run(processed(*results, silence(1199)))) == []
    assert said(run(processed(*results, silence(1200)))) == ["one."]


VOCABULARY = ["yes", "no", "maybe", "well", "then", "so"]


@st.composite
def talks(draw: st.DrawFn) -> list[Result]:
    """Results of one take, whose partials are prefixes of their final; some utterances never get one."""
    results: list[Result] = []
    position = 0
    for utterance in range(1, draw(st.integers(1, 4)) + 1):
        texts = draw(st.lists(st.sampled_from([*VOCABULARY, ".", ",", "|"]), min_size=1, max_size=12))
        marked = draw(st.booleans())
        start = position
        for count in draw(st.lists(st.integers(0, len(texts)), max_size=8)):
            position += draw(st.sampled_from([0, 50, 100, 190, 200, 210, 450, 1900, 2000, 2500, 15_000, 16_000]))
            open_words = [f"~{text}" if text != "|" else text for text in texts[max(0, count - 2) : count]]
            text = " ".join([*texts[: max(0, count - 2)], *open_words])
            made = items(text, start, marked=marked)
            results.append(partial("", position, utterance=utterance, start=start, items=made))
        position += draw(st.sampled_from([1, 100, 300, 3000]))
        if draw(st.booleans()):
            made = items(" ".join(texts), start, marked=marked)
            results.append(final("", position, utterance=utterance, start=start, items=made))
    return results


def test_a_window_that_a_silence_closes_is_decided_on_by_what_was_known_then() -> None:
    text = "yes yes yes yes yes , yes ~yes ~yes"
    heard = [partial("yes", 0), partial("yes ~yes", 1900), partial(text, 1900)]
    assert said(run(processed(*heard, silence(3400)))) == ["yes yes yes yes yes,"]


@settings(max_examples=tries(100))
@given(talks())
def test_a_backlog_is_decided_on_as_live_speech_is(results: list[Result]) -> None:
    stream = with_silences(results, rest=20_000)

    async def deliver(*, live: bool) -> OperatorHarness:
        harness = await start_harness()
        for before, record in zip([None, *stream], stream, strict=False):
            if live and before is not None:
                await asyncio.sleep((record.position - before.position) / 1000)
            await harness.send(record)
        await asyncio.sleep(20)
        await harness.send(ended())
        return harness

    paced, burst = run(deliver(live=True)), run(deliver(live=False))
    assert segments(burst) == segments(paced)
    for metric in (Metric.PARTIAL_RESULTS_SUPERSEDED, Metric.ORPHANED_RESULTS_FLUSHED, Metric.RESULTS_CONTRADICTED):
        assert burst.metrics.total(metric) == paced.metrics.total(metric)
