"""Music, applause and dead streams: loud audio in which a recogniser finds no new word."""

from __future__ import annotations

import asyncio

from shared.metrics import Metric
from shared.models import DeadLetter, FinalResult, PartialResult
from tests.support.virtual_time import run
from tests.unit.processors.transcribe.transcribe_harness import RATE, FakeRecogniser, TranscribeHarness


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
        studio = await TranscribeHarness().open()
        await studio.speak(400)
        assert [take.start for take in studio.engine.takes] == [0, 0, 0, 0]
        assert studio.bench.metrics.total(Metric.RECOGNISER_DROPS) == 3
        assert studio.bench.metrics.total(Metric.AUDIO_GIVEN_UP_AS_NOISE) == 6 * 60_000
        assert not studio.emitted(DeadLetter)
        take = studio.engine.takes[-1]
        take.say("welcome back", 399_000, 399_900)
        await asyncio.sleep(0)
        assert [result.start for result in studio.emitted(PartialResult)] == [399_000]
        await studio.bench.close()

    run(main())


def test_no_more_than_a_minute_of_audio_without_words_is_held() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        for second in range(300):
            await studio.speak(1)
            held = second + 1 - len(studio.released()) / 10
            assert held <= 61
        await studio.bench.close()

    run(main())


def test_hearing_the_open_utterance_again_is_no_progress() -> None:
    async def main() -> None:
        studio = Repeating()
        await studio.open()
        await studio.speak_and_repeat(200)
        assert len(studio.engine.takes) == 4
        (final,) = studio.emitted(FinalResult)
        assert [word.text for word in final.items] == ["good", "morning"]
        assert (await studio.item()).heard < 200_000
        await studio.bench.close()

    run(main())


def test_an_utterance_that_goes_on_behind_noise_goes_on_as_another() -> None:
    async def main() -> None:
        studio = Repeating()
        await studio.open()
        await studio.speak_and_repeat(170)
        take = studio.engine.takes[-1]
        take.say("good", 0, 700)
        await asyncio.sleep(0)
        said = len(studio.emitted(PartialResult))
        take.say("anyway", 165_000, 166_000)
        await asyncio.sleep(0)
        newest = studio.emitted(PartialResult)[-1]
        assert len(studio.emitted(PartialResult)) == said + 1
        assert (newest.utterance, newest.start, newest.items[0].text) == (2, 165_000, "anyway")
        take.say("next", 168_000, 169_000, utterance=2)
        await asyncio.sleep(0)
        assert studio.emitted(PartialResult)[-1].utterance == 3
        await studio.bench.close()

    run(main())


def test_an_empty_hypothesis_is_no_progress_and_a_new_word_is() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(5)
        studio.engine.takes[0].say("", 0, 4000)
        await studio.speak(3)
        assert len(studio.engine.takes) == 2
        await studio.speak(4)
        for second in range(30):
            take = studio.engine.takes[-1]
            take.say("on and on", 0, take.position - 100)
            await studio.speak(1)
            assert len(studio.engine.takes) == 2, second
        await studio.bench.close()

    run(main())


def test_each_tenth_minute_of_noise_opens_another_take_that_hears_none_of_it_again() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(650)
        starts = [take.start for take in studio.engine.takes]
        assert starts == [0, 0, 0, 0, 600_000]
        await studio.bench.close()

    run(main())


def test_a_recogniser_that_drops_at_the_same_place_again_and_again_loses_the_audio_but_not_what_it_said() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open(settings={"MAX_HOLD": "10"})
        done: set[int] = set()

        def fail(take: FakeRecogniser) -> None:
            done.add(id(take))
            take.say("so far", 0, 900)
            take.drop()

        for _ in range(300):
            await studio.speak(0.1, bytes(3200))
            for take in studio.engine.takes:
                if id(take) not in done and take.start == 0 and take.position >= 1000:
                    fail(take)
        assert studio.emitted(DeadLetter)
        (final,) = studio.emitted(FinalResult)
        assert [word.text for word in final.items] == ["so", "far"]
        kinds = [type(record) for record in studio.bench.emitted]
        assert kinds.index(FinalResult) < kinds.index(DeadLetter)
        assert studio.offset == 30 * RATE
        await studio.bench.close()

    run(main())
