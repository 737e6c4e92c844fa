"""Seams: another take hears again what is committed already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.metrics import Metric
from shared.models import Result, Word
from tests.support.effort import tries
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    ended,
    final,
    items,
    partial,
    processed,
    said,
    segments,
    spoken,
)

pytestmark = pytest.mark.hermetic

TAKE = ["so", "he", "has", "a", "big", "ice", "cream", "and", "it", "is", "good"]


@pytest.mark.parametrize("shift", [-200, 200])
@pytest.mark.parametrize("merged", [False, True], ids=["the same words", "merged words"])
def test_another_take_neither_repeats_nor_loses_a_word(shift: int, *, merged: bool) -> None:
    async def main() -> None:
        first = items("so he has a . big ice cream .")
        harness = await processed(partial("", 2200, items=(*first, replace(first[-1], text="and", stable=False))))
        assert spoken(segments(harness)) == TAKE[:7]
        again = [Word(text, 900 + 300 * n + shift, 1200 + 300 * n + shift, True) for n, text in enumerate(TAKE[3:])]
        if merged:
            again[2:4] = [replace(again[2], text="icecream", end=again[3].end)]
        for count in range(1, len(again)):
            await harness.send(partial("", again[count - 1].end, take=2, items=tuple(again[:count])))
        await harness.send(final("", 4000, take=2, items=tuple(again)))
        assert spoken(segments(harness)) == TAKE
        assert harness.metrics.total(Metric.SEAMS) == 1

    run(main())


def test_a_take_that_begins_behind_the_frontier_is_no_seam() -> None:
    harness = run(processed(final("thank you ."), final("thank you .", take=2, start=2000)))
    assert said(harness) == ["thank you.", "thank you."]
    assert harness.metrics.total(Metric.SEAMS) == 0


@st.composite
def drops(draw: st.DrawFn) -> tuple[list[str], list[Result]]:
    """What was said, and the results of takes that each drop somewhere and hear 500 ms before the newest final again.

    Every take places its words up to 200 ms later, and ends its utterances elsewhere.
    """
    speech: list[Word] = []
    for n in range(draw(st.integers(4, 20))):
        start = speech[-1].end + draw(st.sampled_from([0, 50, 450])) if speech else 0
        speech.append(Word(f"w{n}", start, start + draw(st.sampled_from([250, 300, 400])), True))
    results: list[Result] = []
    heard = 0
    for take in range(1, draw(st.integers(1, 4)) + 1):
        shift = draw(st.integers(0, 200))
        again = [word for word in speech if word.start >= heard - 500]
        left = draw(st.integers(0, 3 * len(again)))
        for utterance, count in enumerate(draw(st.lists(st.integers(1, 8), min_size=20, max_size=20)), 1):
            whole = tuple(replace(word, start=word.start + shift, end=word.end + shift) for word in again[:count])
            for length in range(1, len(whole) + 1):
                if (left := left - 1) > 0 or take == 4:
                    mark = Word(",", whole[length - 1].start, whole[length - 1].start, True)
                    made = (*whole[: length - 1], mark, replace(whole[length - 1], stable=False))
                    results.append(partial("", whole[length - 1].end, take=take, utterance=utterance, items=made))
            if whole and (left > 0 or take == 4):
                results.append(final("", whole[-1].end + 50, take=take, utterance=utterance, items=whole))
                heard = max(heard, again[:count][-1].end)
            again = again[count:]
    return [word.text for word in speech if word.end <= heard], results


@settings(max_examples=tries(100))
@given(drops())
def test_takes_that_drop_anywhere_neither_repeat_nor_lose_a_word(harness: tuple[list[str], list[Result]]) -> None:
    speech, results = harness
    committed = spoken(segments(run(processed(*results, ended()))))
    assert committed[: len(speech)] == speech
    assert len(set(committed)) == len(committed)


def test_what_comes_behind_an_end_that_came_early_is_not_said_again() -> None:
    """As where a worker that has lost the session passes its end on before the owner's last words."""

    async def main() -> None:
        harness = await processed(
            partial("and he had then , ~leisure ~to"), ended(), final("and he had then leisure to think")
        )
        assert said(harness) == ["and he had then,", "leisure to", "think"]

    run(main())
