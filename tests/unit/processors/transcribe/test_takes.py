"""What the transcribe stage makes of audio, take by take."""

from __future__ import annotations

import asyncio

import pytest

from shared.codec import decode, encode
from shared.errors import EngineUnavailable
from shared.metrics import Metric
from shared.models import DeadLetter, FinalResult, PartialResult
from shared.ranges import LONGEST_NAME, MAX_WORDS
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import LOUD, RATE, TranscribeHarness, last_frame_within

pytestmark = pytest.mark.hermetic


def test_results_are_placed_in_audio_time_and_a_final_acks_the_audio_behind_it() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        harness.offset = 5 * RATE
        await harness.speak(2)
        (take,) = harness.engine.takes
        assert take.start == 5000
        take.say("good morning", 200, 1200)
        await asyncio.sleep(0)
        (partial,) = harness.emitted(PartialResult)
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
        assert not harness.acked()
        take.say("good morning", 200, 1200, final=True)
        await asyncio.sleep(0.1)
        assert len(harness.emitted(FinalResult)) == 1
        assert harness.acked() == [5 * RATE + n * 1600 for n in range(7)]
        assert (await harness.item()).heard == 6200
        await harness.context.close()

    run(main())


def test_heard_never_passes_the_start_of_an_open_utterance() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(3)
        (take,) = harness.engine.takes
        take.say("first", 0, 1500)
        take.say("second", 1200, 2500, utterance=2)
        take.say("first", 0, 1500, final=True)
        await asyncio.sleep(0.1)
        assert (await harness.item()).heard == 1200
        await harness.context.close()

    run(main())


def test_frames_are_put_in_order_repeats_dropped_and_short_gaps_filled_with_silence() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        one, two, three = (bytes([n]) * 3200 for n in (1, 2, 3))
        await harness.send_at(0, one)
        await harness.send_at(3200, three)
        await harness.send_at(1600, two)
        await harness.send_at(800, two)
        await asyncio.sleep(0.1)
        await harness.send_at(4800 + 16000, one)
        await asyncio.sleep(1)
        (take,) = harness.engine.takes
        assert take.heard == one + two + three + bytes(32000) + one
        assert harness.context.metrics.total(Metric.GAPS_FILLED) == 1000
        assert harness.acked() == [800]
        await harness.context.close()

    run(main())


def test_a_gap_too_long_to_fill_begins_a_new_take_behind_it() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(1)
        await harness.send_at(60 * RATE)
        await asyncio.sleep(3)
        assert [take.start for take in harness.engine.takes] == [0, 60_000]
        assert harness.engine.takes[0].finished
        assert len(harness.engine.takes[0].heard) == 32000
        assert harness.context.metrics.total(Metric.GAPS_FILLED) == 0
        await harness.context.close()

    run(main())


def test_a_dropped_recogniser_is_opened_again_and_hears_what_has_no_final() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("first", 0, 1000, final=True)
        await harness.speak(2)
        harness.engine.takes[0].say("second", 2000, 3000, utterance=2)
        harness.engine.takes[0].drop()
        await harness.speak(1)
        first, second = harness.engine.takes
        assert first.closed
        assert second.start == 500
        assert second.position == 4500
        second.say("second", 1500, 2500)
        second.say("second", 1500, 2500, final=True)
        await asyncio.sleep(0.1)
        assert [final.take for final in harness.emitted(FinalResult)] == [1, 2]
        assert harness.emitted(FinalResult)[1].start == 2000
        assert (await harness.item()).take == 2
        assert harness.context.metrics.total(Metric.RECOGNISER_DROPS) == 1
        await harness.context.close()

    run(main())


def test_why_no_recogniser_opens_is_logged_once_though_one_has_dropped_before(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(1)
        harness.engine.failure = EngineUnavailable("out of quota")
        harness.engine.takes[0].drop()
        await harness.speak(5)
        harness.engine.failure = None
        await asyncio.sleep(9)
        assert len(harness.engine.takes) == 2
        await harness.context.close()

    run(main())
    assert [line for line in caplog.messages if "out of quota" in line] == [
        "transcribe: talk: no recogniser opens: EngineUnavailable: out of quota"
    ]


def test_a_new_take_begins_half_a_second_behind_what_was_heard_wherever_that_lies_in_a_record() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        for _ in range(4):
            await harness.send_at(harness.offset, LOUD * 10)
            await asyncio.sleep(1)
        harness.engine.takes[0].say("packed", 0, 2800, final=True)
        await asyncio.sleep(0.1)
        harness.engine.takes[0].drop()
        await asyncio.sleep(1)
        assert harness.engine.takes[1].start == 2300
        await harness.context.close()

    run(main())


def test_without_open_utterance_audio_ten_seconds_back_is_acked() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(15, bytes(3200))
        assert harness.acked()[-1] == last_frame_within(5 * RATE)
        assert (await harness.item()).heard == 0
        assert len(harness.engine.takes) == 1
        await harness.context.close()

    run(main())


def test_a_recogniser_that_says_nothing_of_loud_audio_is_replaced_after_ever_longer() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(60)
        lengths = [take.position / 1000 for take in harness.engine.takes]
        assert lengths[0] == 8
        assert lengths[1] == 16
        assert lengths[2] == 32
        harness.engine.takes[-1].say("at last", 0, 500)
        harness.engine.takes[-1].say("at last", 0, 500, final=True)
        opened = len(harness.engine.takes)
        await harness.speak(7.5)
        assert len(harness.engine.takes) == opened
        await harness.speak(1)
        assert len(harness.engine.takes) == opened + 1
        await harness.context.close()

    run(main())


def test_an_utterance_is_ended_at_45_seconds() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        for second in range(50):
            await harness.speak(1)
            if len(harness.engine.takes) == 1:
                harness.engine.takes[0].say(f"{second} and on", 0, second * 1000)
        first, second_take = harness.engine.takes
        assert first.finished
        assert first.position == 45_000
        assert second_take.start == 45_000
        (final,) = harness.emitted(FinalResult)
        assert final.items[0].text == "43"
        await harness.context.close()

    run(main())


def test_without_audio_the_take_ends_and_the_next_frame_opens_another() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(1)
        await asyncio.sleep(10)
        assert harness.engine.takes[0].finished
        assert len(harness.acked()) == 10
        await harness.speak(1)
        assert len(harness.engine.takes) == 2
        assert harness.context.metrics.total(Metric.RECOGNISER_DROPS) == 0
        await harness.context.close()

    run(main())


def test_a_backlog_is_fed_no_faster_than_the_engine_allows_and_waiting_is_no_hold() -> None:
    async def main() -> None:
        harness = TranscribeHarness()
        harness.engine.feed_rate = 1.5
        await harness.open()
        for n in range(3000):
            await harness.send_at(n * 1600, bytes(3200))
        await asyncio.sleep(100)
        (take,) = harness.engine.takes
        assert 149_000 <= take.position <= 151_000
        take.say("so far", 140_000, 149_000)
        take.drop()
        await asyncio.sleep(150)
        assert not harness.emitted(DeadLetter)
        await harness.context.close()

    run(main())


def test_a_session_of_another_rate_is_resampled_for_the_engine() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open(rate=8000)
        for n in range(20):
            await harness.send_at(n * 800, bytes(1600), rate=8000)
        await harness.end()
        await asyncio.sleep(1)
        assert abs(harness.engine.takes[0].position - 2000) <= 2
        assert (await harness.item()).heard == 2000
        await harness.context.close()

    run(main())


def test_a_language_that_the_recogniser_identified_is_told_with_its_results() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(1)
        take = harness.engine.takes[0]
        take.say("buenos", 100, 400, language="es")
        take.say("buenos días", 100, 900, final=True, language="es")
        await asyncio.sleep(0.1)
        assert [result.language for result in harness.emitted(PartialResult)] == ["es"]
        assert [result.language for result in harness.emitted(FinalResult)] == ["es"]

    run(main())


def test_what_a_recogniser_says_beyond_what_a_record_takes_is_cut() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        (take,) = harness.engine.takes
        take.say(" ".join(["no"] * (MAX_WORDS + 5)), 200, 1200)
        take.say("a" * (LONGEST_NAME + 5), 200, 1200, final=True)
        await asyncio.sleep(0.1)
        (partial,), (final,) = harness.emitted(PartialResult), harness.emitted(FinalResult)
        assert len(partial.items) == MAX_WORDS
        assert [word.text for word in final.items] == ["a" * LONGEST_NAME]
        assert [decode(encode(result)) for result in (partial, final)] == [partial, final]
        await harness.context.close()

    run(main())
