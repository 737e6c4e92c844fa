"""Music, applause and dead streams: loud audio in which a recogniser finds no new word."""

from __future__ import annotations

import asyncio

import pytest

from shared.metrics import Metric
from shared.models import DeadLetter, FinalResult, PartialResult
from tests.support.virtual_time import run
from tests.unit.processors.transcribe.transcribe_harness import RATE, FakeRecogniser, TranscribeHarness

pytestmark = pytest.mark.hermetic


class Repeating(TranscribeHarness):
    """Whatever hears the beginning says it, in every take."""

    async def speak_and_repeat(self, seconds: int) -> None:
        heard: set[int] = set()
        for _ in range(seconds):
            await self.speak(1)
            for take in self.engine.takes:
                if id(take) not in heard and take.position >= 1000 and take.start < 700:
                    heard.add(id(take))
                    take.say("good morning", 0, 700 - take.start)


def test_minutes_of_music_cost_three_reopenings_and_what_is_said_behind_it_is_heard() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(400)
        assert [take.start for take in harness.engine.takes] == [0, 0, 0, 0]
        assert harness.context.metrics.total(Metric.RECOGNISER_DROPS) == 3
        assert harness.context.metrics.total(Metric.AUDIO_GIVEN_UP_AS_NOISE) == 6 * 60_000
        assert not harness.emitted(DeadLetter)
        take = harness.engine.takes[-1]
        take.say("welcome back", 399_000, 399_900)
        await asyncio.sleep(0)
        assert [result.start for result in harness.emitted(PartialResult)] == [399_000]
        await harness.context.close()

    run(main())


def test_no_more_than_a_minute_of_audio_without_words_is_held() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        for second in range(300):
            await harness.speak(1)
            held = second + 1 - len(harness.acked()) / 10
            assert held <= 61
        await harness.context.close()

    run(main())


def test_hearing_the_open_utterance_again_is_no_progress() -> None:
    async def main() -> None:
        harness = Repeating()
        await harness.open()
        await harness.speak_and_repeat(200)
        assert len(harness.engine.takes) == 4
        (final,) = harness.emitted(FinalResult)
        assert [word.text for word in final.items] == ["good", "morning"]
        assert (await harness.item()).heard < 200_000
        await harness.context.close()

    run(main())


def test_an_utterance_that_goes_on_behind_noise_goes_on_as_another() -> None:
    async def main() -> None:
        harness = Repeating()
        await harness.open()
        await harness.speak_and_repeat(170)
        take = harness.engine.takes[-1]
        take.say("good", 0, 700)
        await asyncio.sleep(0)
        said = len(harness.emitted(PartialResult))
        take.say("anyway", 165_000, 166_000)
        await asyncio.sleep(0)
        newest = harness.emitted(PartialResult)[-1]
        assert len(harness.emitted(PartialResult)) == said + 1
        assert (newest.utterance, newest.start, newest.items[0].text) == (2, 165_000, "anyway")
        take.say("next", 168_000, 169_000, utterance=2)
        await asyncio.sleep(0)
        assert harness.emitted(PartialResult)[-1].utterance == 3
        await harness.context.close()

    run(main())


def test_an_empty_hypothesis_is_no_progress_and_a_new_word_is() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(5)
        harness.engine.takes[0].say("", 0, 4000)
        await harness.speak(3)
        assert len(harness.engine.takes) == 2
        await harness.speak(4)
        for second in range(30):
            take = harness.engine.takes[-1]
            take.say("on and on", 0, take.position - 100)
            await harness.speak(1)
            assert len(harness.engine.takes) == 2, second
        await harness.context.close()

    run(main())


def test_each_tenth_minute_of_noise_opens_another_take_that_hears_none_of_it_again() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(650)
        starts = [take.start for take in harness.engine.takes]
        assert starts == [0, 0, 0, 0, 600_000]
        await harness.context.close()

    run(main())


def test_a_recogniser_that_drops_at_the_same_place_again_and_again_loses_the_audio_but_not_what_it_said() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open(settings={"MAX_HOLD": "10"})
        done: set[int] = set()

        def fail(take: FakeRecogniser) -> None:
            done.add(id(take))
            take.say("so far", 0, 900)
            take.drop()

        for _ in range(300):
            await harness.speak(0.1, bytes(3200))
            for take in harness.engine.takes:
                if id(take) not in done and take.start == 0 and take.position >= 1000:
                    fail(take)
        assert harness.emitted(DeadLetter)
        (final,) = harness.emitted(FinalResult)
        assert [word.text for word in final.items] == ["so", "far"]
        kinds = [type(record) for record in harness.context.emitted]
        assert kinds.index(FinalResult) < kinds.index(DeadLetter)
        assert harness.offset == 30 * RATE
        await harness.context.close()

    run(main())
