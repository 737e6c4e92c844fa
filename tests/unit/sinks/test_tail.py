"""The tail that captions of the source language show behind the committed text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.models import FinalResult, PartialResult
from sinks import Ended
from tests.support.virtual_time import run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, result, segment, shown, words

pytestmark = pytest.mark.hermetic


def marked(stable: str, unstable: str, position: int = 200) -> PartialResult:
    """A partial result that begins with words that are marked stable."""
    items = words(f"{stable} {unstable}")
    count = len(stable.split())
    heard = tuple(replace(word, stable=index < count) for index, word in enumerate(items))
    return PartialResult(
        session="talk", captured_at=0, take=1, utterance=1, start=0, end=items[-1].end, position=position, items=heard
    )


def test_the_tail_is_what_is_said_beyond_the_committed_text() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(result(PartialResult, "good morning to"))
        await harness.publish(segment(1, "good morning"))
        await harness.publish(result(PartialResult, "good morning to you", start=90))
        assert shown(events) == ["|good morning to", (1, "good morning"), "|to", "to|you"]
        await harness.publish(result(PartialResult, "good", position=300), result(PartialResult, "old", take=0))
        assert len(events) == 4

    run(main())


def test_words_that_are_marked_stable_are_the_steady_part_of_the_tail_and_the_others_a_guess() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(marked("good morning", "too"))
        await harness.publish(marked("good morning", "to ewe", position=300))
        await harness.publish(marked("good morning to", "you all", position=400))
        assert shown(events) == ["good morning|too", "good morning|to ewe", "good morning to|you all"]

    run(main())


def test_what_was_steady_stays_where_marks_are_taken_back_until_another_word_is_heard() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(marked("good morning to", "you"))
        await harness.publish(marked("good", "morning to you", position=300))
        await harness.publish(marked("good", "mourning to you", position=400))
        assert shown(events) == ["good morning to|you", "good|mourning to you"]

    run(main())


def test_a_result_that_comes_twice_does_not_agree_with_itself() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(*[result(PartialResult, "good mourning", position=200)] * 2)
        assert shown(events) == ["|good mourning"]

    run(main())


def test_where_nothing_is_marked_what_two_results_agree_on_is_steady() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(result(PartialResult, "good mourning", position=200))
        await harness.publish(result(PartialResult, "good morning to", position=300))
        await harness.publish(result(PartialResult, "good morning to you", position=400))
        await harness.publish(result(PartialResult, "hello", position=500, utterance=2, start=900))
        assert shown(events) == ["|good mourning", "good|morning to", "good morning to|you", "|hello"]

    run(main())


def test_a_last_word_that_is_heard_twice_in_the_same_way_is_still_a_guess() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(*[result(PartialResult, "good mourning", position=at) for at in (200, 400, 1000)])
        await harness.publish(result(PartialResult, "good morning to you", position=1200))
        assert shown(events) == ["|good mourning", "good|mourning", "good|morning to you"]

    run(main())


def test_a_final_stays_tail_until_its_segments_arrive() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(result(FinalResult, "that is all ."))
        await harness.publish(result(PartialResult, "next", start=2000, utterance=2))
        assert shown(events) == ["that is all.|", "that is all.|next"]
        await harness.publish(segment(1, "that is all ."))
        assert shown(events[2:]) == [(1, "that is all."), "|next"]
        await harness.publish(ended())
        assert shown(events[4:]) == ["|", Ended("ended"), "end"]

    run(main())


def test_a_newer_take_replaces_what_an_older_one_left_open() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(result(PartialResult, "half a sent", utterance=7))
        await harness.publish(result(PartialResult, "half a", take=2))
        await harness.publish(result(FinalResult, "half a sentiment", utterance=7))
        assert shown(events) == ["|half a sent", "|half a"]

    run(main())
