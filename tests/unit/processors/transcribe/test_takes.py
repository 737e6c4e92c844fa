"""What the transcribe stage makes of audio, take by take."""

from __future__ import annotations

import asyncio

import pytest

from shared.codec import decode, encode
from shared.errors import EngineUnavailable
from shared.metrics import Metric
from shared.models import DeadLetter, FinalResult, PartialResult
from shared.ranges import LONGEST_NAME, MOST_WORDS
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import LOUD, RATE, TranscribeHarness, last_frame_within


def test_results_are_placed_in_audio_time_and_a_final_releases_the_audio_behind_it() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        studio.offset = 5 * RATE
        await studio.speak(2)
        (take,) = studio.engine.takes
        assert take.start == 5000
        take.say("good morning", 200, 1200)
        await asyncio.sleep(0)
        (partial,) = studio.emitted(PartialResult)
        assert (partial.take, partial.utterance, partial.start, partial.end, partial.position) == (
            1,
            1,
            5200,
            6200,
            7000,
        )
        assert [word.start for word in partial.items] == [5200, 5200]
        assert partial.captured_at > EPOCH
        assert "ingest" in partial.hops
        assert not studio.released()
        take.say("good morning", 200, 1200, final=True)
        await asyncio.sleep(0.1)
        assert len(studio.emitted(FinalResult)) == 1
        assert studio.released() == [5 * RATE + n * 1600 for n in range(7)]
        assert (await studio.item()).heard == 6200
        await studio.bench.close()

    run(main())


def test_heard_never_passes_the_start_of_an_open_utterance() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(3)
        (take,) = studio.engine.takes
        take.say("first", 0, 1500)
        take.say("second", 1200, 2500, utterance=2)
        take.say("first", 0, 1500, final=True)
        await asyncio.sleep(0.1)
        assert (await studio.item()).heard == 1200
        await studio.bench.close()

    run(main())


def test_frames_are_put_in_order_repeats_dropped_and_short_gaps_filled_with_silence() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        one, two, three = (bytes([n]) * 3200 for n in (1, 2, 3))
        await studio.send_at(0, one)
        await studio.send_at(3200, three)
        await studio.send_at(1600, two)
        await studio.send_at(800, two)
        await asyncio.sleep(0.1)
        await studio.send_at(4800 + 16000, one)
        await asyncio.sleep(1)
        (take,) = studio.engine.takes
        assert take.heard == one + two + three + bytes(32000) + one
        assert studio.bench.metrics.total(Metric.GAPS_FILLED) == 1000
        assert studio.released() == [800]
        await studio.bench.close()

    run(main())


def test_a_gap_too_long_to_fill_begins_a_new_take_behind_it() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(1)
        await studio.send_at(60 * RATE)
        await asyncio.sleep(3)
        assert [take.start for take in studio.engine.takes] == [0, 60_000]
        assert studio.engine.takes[0].finished
        assert len(studio.engine.takes[0].heard) == 32000
        assert studio.bench.metrics.total(Metric.GAPS_FILLED) == 0
        await studio.bench.close()

    run(main())


def test_a_dropped_recogniser_is_opened_again_and_hears_what_has_no_final() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(2)
        studio.engine.takes[0].say("first", 0, 1000, final=True)
        await studio.speak(2)
        studio.engine.takes[0].say("second", 2000, 3000, utterance=2)
        studio.engine.takes[0].drop()
        await studio.speak(1)
        first, second = studio.engine.takes
        assert first.closed
        assert second.start == 500
        assert second.position == 4500
        second.say("second", 1500, 2500)
        second.say("second", 1500, 2500, final=True)
        await asyncio.sleep(0.1)
        assert [final.take for final in studio.emitted(FinalResult)] == [1, 2]
        assert studio.emitted(FinalResult)[1].start == 2000
        assert (await studio.item()).take == 2
        assert studio.bench.metrics.total(Metric.RECOGNISER_DROPS) == 1
        await studio.bench.close()

    run(main())


def test_why_no_recogniser_opens_is_logged_once_though_one_has_dropped_before(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(1)
        studio.engine.failure = EngineUnavailable("out of quota")
        studio.engine.takes[0].drop()
        await studio.speak(5)
        studio.engine.failure = None
        await asyncio.sleep(9)
        assert len(studio.engine.takes) == 2
        await studio.bench.close()

    run(main())
    assert [line for line in caplog.messages if "out of quota" in line] == [
        "transcribe: talk: no recogniser opens: EngineUnavailable: out of quota"
    ]


def test_a_new_take_begins_half_a_second_behind_what_was_heard_wherever_that_lies_in_a_record() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        for _ in range(4):
            await studio.send_at(studio.offset, LOUD * 10)
            await asyncio.sleep(1)
        studio.engine.takes[0].say("packed", 0, 2800, final=True)
        await asyncio.sleep(0.1)
        studio.engine.takes[0].drop()
        await asyncio.sleep(1)
        assert studio.engine.takes[1].start == 2300
        await studio.bench.close()

    run(main())


def test_without_open_utterance_audio_ten_seconds_back_is_released() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(15, bytes(3200))
        assert studio.released()[-1] == last_frame_within(5 * RATE)
        assert (await studio.item()).heard == 0
        assert len(studio.engine.takes) == 1
        await studio.bench.close()

    run(main())


def test_a_recogniser_that_says_nothing_of_loud_audio_is_replaced_ever_more_patiently() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(60)
        lengths = [take.position / 1000 for take in studio.engine.takes]
        assert lengths[0] == 8
        assert lengths[1] == 16
        assert lengths[2] == 32
        studio.engine.takes[-1].say("at last", 0, 500)
        studio.engine.takes[-1].say("at last", 0, 500, final=True)
        opened = len(studio.engine.takes)
        await studio.speak(7.5)
        assert len(studio.engine.takes) == opened
        await studio.speak(1)
        assert len(studio.engine.takes) == opened + 1
        await studio.bench.close()

    run(main())


def test_an_utterance_is_ended_at_45_seconds() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        for second in range(50):
            await studio.speak(1)
            if len(studio.engine.takes) == 1:
                studio.engine.takes[0].say(f"{second} and on", 0, second * 1000)
        first, second_take = studio.engine.takes
        assert first.finished
        assert first.position == 45_000
        assert second_take.start == 45_000
        (final,) = studio.emitted(FinalResult)
        assert final.items[0].text == "43"
        await studio.bench.close()

    run(main())


def test_without_audio_the_take_ends_and_the_next_frame_opens_another() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(1)
        await asyncio.sleep(10)
        assert studio.engine.takes[0].finished
        assert len(studio.released()) == 10
        await studio.speak(1)
        assert len(studio.engine.takes) == 2
        assert studio.bench.metrics.total(Metric.RECOGNISER_DROPS) == 0
        await studio.bench.close()

    run(main())


def test_a_backlog_is_fed_no_faster_than_the_engine_allows_and_waiting_is_no_hold() -> None:
    async def main() -> None:
        studio = TranscribeHarness()
        studio.engine.feed_rate = 1.5
        await studio.open()
        for n in range(3000):
            await studio.send_at(n * 1600, bytes(3200))
        await asyncio.sleep(100)
        (take,) = studio.engine.takes
        assert 149_000 <= take.position <= 151_000
        take.say("so far", 140_000, 149_000)
        take.drop()
        await asyncio.sleep(150)
        assert not studio.emitted(DeadLetter)
        await studio.bench.close()

    run(main())


def test_a_session_of_another_rate_is_resampled_for_the_engine() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open(rate=8000)
        for n in range(20):
            await studio.send_at(n * 800, bytes(1600), rate=8000)
        await studio.end()
        await asyncio.sleep(1)
        assert abs(studio.engine.takes[0].position - 2000) <= 2
        assert (await studio.item()).heard == 2000
        await studio.bench.close()

    run(main())


def test_a_language_that_the_recogniser_identified_is_told_with_its_results() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(1)
        take = studio.engine.takes[0]
        take.say("buenos", 100, 400, language="es")
        take.say("buenos días", 100, 900, final=True, language="es")
        await asyncio.sleep(0.1)
        assert [result.language for result in studio.emitted(PartialResult)] == ["es"]
        assert [result.language for result in studio.emitted(FinalResult)] == ["es"]

    run(main())


def test_what_a_recogniser_says_beyond_what_a_record_takes_is_cut() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(2)
        (take,) = studio.engine.takes
        take.say(" ".join(["no"] * (MOST_WORDS + 5)), 200, 1200)
        take.say("a" * (LONGEST_NAME + 5), 200, 1200, final=True)
        await asyncio.sleep(0.1)
        (partial,), (final,) = studio.emitted(PartialResult), studio.emitted(FinalResult)
        assert len(partial.items) == MOST_WORDS
        assert [word.text for word in final.items] == ["a" * LONGEST_NAME]
        assert [decode(encode(result)) for result in (partial, final)] == [partial, final]
        await studio.bench.close()

    run(main())
