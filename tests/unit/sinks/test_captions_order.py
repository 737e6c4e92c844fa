"""Which results the tail shows: the one order that stability goes by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.models import FinalResult, PartialResult, Silence
from shared.streams import StreamName
from tests.support.virtual_time import run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, result, segment, shown

pytestmark = pytest.mark.hermetic


def test_a_final_is_the_last_word_on_its_utterance_wherever_it_stands() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        guess, last = result(PartialResult, "won too", position=2000), result(FinalResult, "one two .", position=600)
        await harness.publish(
            guess, last, result(PartialResult, "one two three", position=2500), segment(1, "one two .")
        )
        assert shown(events) == ["|won too", "one two.|", (1, "one two."), "|"]

    run(main())


def test_a_silence_changes_nothing_that_is_shown() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        silence = Silence(session="talk", captured_at=0, take=1, utterance=1, position=9000)
        await harness.publish(result(PartialResult, "one"), silence, result(PartialResult, "one two"))
        assert shown(events) == ["|one", "one|two"]
        assert list(harness.metrics.counters()) == []

    run(main())


def test_the_end_of_a_worker_that_lost_the_session_takes_nothing_off_the_screen() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(segment(1, "one ."), result(PartialResult, "two", 300, take=2))
        stale = replace(ended(), take=1)
        await harness.publish(stale, stream=StreamName.TRANSCRIPTS)
        assert shown(events) == [(1, "one."), "|two"]
        await harness.publish(replace(ended(), take=2), stream=StreamName.TRANSCRIPTS)
        assert shown(events) == [(1, "one."), "|two", "|"]

    run(main())


def test_what_comes_behind_an_end_shows_no_committed_word_again() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(result(PartialResult, "one two"), segment(1, "one ."))
        await harness.publish(replace(ended(), take=1), stream=StreamName.TRANSCRIPTS)
        await harness.publish(result(PartialResult, "one two", take=2))
        assert shown(events) == ["|one two", (1, "one."), "|two", "|", "|two"]

    run(main())


def test_what_an_older_take_says_behind_the_end_of_a_newer_one_is_not_shown() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        await harness.publish(replace(ended(), take=2), stream=StreamName.TRANSCRIPTS)
        await harness.publish(result(PartialResult, "nine", take=1), result(PartialResult, "two", take=2))
        assert shown(events) == ["|two"]

    run(main())
