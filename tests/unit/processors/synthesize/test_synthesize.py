"""One clip a translation, chunk by chunk and in order, or one chunk that says why there is none."""

from collections.abc import AsyncIterator

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from shared.metrics import Metric
from shared.models import Speech, Status, TranslationCorrection
from shared.sessions.session import FIRST_EPOCH
from tests.support.virtual_time import EPOCH
from tests.unit.processors.synthesize.synthesize_harness import END, RATE, SynthesizeHarness, run_scenario, translation

pytestmark = pytest.mark.hermetic

OK, FAILED, SKIPPED = Status.OK, Status.FAILED, Status.SKIPPED
#: The first attempt of a session's first operator.
FIRST = (FIRST_EPOCH + 1) * 2**20 + 1


def test_a_clip_comes_in_chunks_the_first_of_them_early() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1, 2400), every=1)
        chunks = harness.speech
        assert [chunk.offset for chunk in chunks] == [0, RATE // 10, RATE // 10 + RATE, RATE // 10 + 2 * RATE]
        assert [chunk.last for chunk in chunks] == [False, False, False, True]
        assert sum(len(chunk.payload) for chunk in chunks) == 2 * 2400 * RATE // 1000
        assert chunks[0] == Speech(
            session="talk",
            captured_at=EPOCH,
            hops={"translate": 7},
            number=1,
            language="es",
            start=200,
            end=1000,
            attempt=FIRST,
            offset=0,
            last=False,
            payload=chunks[0].payload,
            rate=RATE,
        )
        assert {chunk.attempt for chunk in chunks} == {FIRST}
        assert harness.acked == [1]

    run_scenario(scenario)


def test_a_corrected_text_is_not_spoken_again() -> None:
    correction = TranslationCorrection(
        session="talk", captured_at=EPOCH, first=1, last=1, revision=1, language="es", text="Mejor."
    )

    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1, 600), correction, translation(2, 600), every=1)
        assert [chunk.number for chunk in harness.speech if chunk.last] == [1, 2]
        assert correction in harness.context.acked

    run_scenario(scenario)


def test_audio_goes_out_while_more_is_made_and_is_acked_behind_the_last_chunk() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.delay["es"] = 0.5
        await harness.send(translation(1, 1200))
        await harness.until(0.6)
        assert [chunk.offset for chunk in harness.speech] == [0]
        assert harness.context.metrics.observations(Metric.END_TO_END_LATENCY) == [500]
        await harness.until(5.6)
        assert len(harness.speech) == 2
        assert harness.acked == []
        await harness.until(7)
        assert harness.outcomes == [(1, OK)]
        assert harness.acked == [1]
        assert harness.context.metrics.observations(Metric.END_TO_END_LATENCY) == [500]

    run_scenario(scenario)


def test_pieces_of_odd_length_become_whole_samples() -> None:
    class Odd(ScriptedSynthesizer):
        async def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
            for _ in range(2001):
                yield b"\x01\x02\x03"

    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1), every=1)
        assert all(len(chunk.payload) % 2 == 0 for chunk in harness.speech)
        assert b"".join(chunk.payload for chunk in harness.speech) == (b"\x01\x02\x03" * 2001)[:-1]

    run_scenario(scenario, SynthesizeHarness(Odd()))


def test_clips_follow_each_other_in_number_order() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.delay["es"] = 0.2
        await harness.send(translation(1), translation(2), translation(3), END)
        await harness.until(10)
        numbers = [chunk.number for chunk in harness.speech]
        assert numbers == sorted(numbers)
        assert harness.outcomes == [(1, OK), (2, OK), (3, OK)]
        assert harness.context.emitted[-1] == END
        assert harness.context.acked == [translation(1), translation(2), translation(3), END]

    run_scenario(scenario)


@pytest.mark.parametrize("status", [Status.UNWANTED, Status.SKIPPED, Status.FAILED, Status.DUPLICATE])
def test_what_was_not_translated_is_not_spoken_and_says_so(status: Status) -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1, 0, status=status), every=1)
        [only] = harness.speech
        assert (only.number, only.status, only.last, only.payload, only.attempt) == (1, status, True, b"", FIRST)
        assert harness.acked == [1]
        assert harness.context.metrics.observations(Metric.END_TO_END_LATENCY) == []

    run_scenario(scenario)


def test_a_text_of_nothing_is_skipped() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1, text=" "), every=1)
        assert harness.outcomes == [(1, SKIPPED)]

    run_scenario(scenario)


def test_a_clip_that_breaks_off_begins_again_under_a_higher_attempt() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.breaks["es"] = 2
        await harness.send(translation(1, 2400), every=5)
        attempts = sorted({chunk.attempt for chunk in harness.speech})
        assert len(attempts) == 3
        for broken in attempts[:2]:
            assert [chunk.last for chunk in harness.chunks(1, broken)] == [False, False]
        whole = harness.chunks(1, attempts[2])
        assert whole[0].offset == 0
        assert sum(len(chunk.payload) for chunk in whole) == 2 * 2400 * RATE // 1000
        assert harness.outcomes == [(1, OK)]
        assert len(harness.context.metrics.observations(Metric.END_TO_END_LATENCY)) == 1

    run_scenario(scenario)


def test_attempts_rise() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1), translation(2), translation(3, text=""))
        await harness.until(0.1)
        assert [harness.chunks(number)[0].attempt for number in (1, 2, 3)] == [FIRST, FIRST + 1, FIRST + 2]

    run_scenario(scenario)


@pytest.mark.parametrize("trouble", ["broken", "hanging"])
def test_an_engine_that_fails_for_ever_holds_no_clip_past_max_hold(trouble: str) -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        getattr(harness.engine, trouble).add("es")
        await harness.send(translation(1))
        await harness.until(57)
        assert harness.outcomes == []
        await harness.until(60.1)
        assert harness.outcomes == [(1, FAILED)]
        await harness.send(translation(2), every=2.1)
        assert harness.outcomes == [(1, FAILED), (2, FAILED)]
        getattr(harness.engine, trouble).clear()
        await harness.send(translation(3), every=1)
        assert harness.outcomes == [(1, FAILED), (2, FAILED), (3, OK)]
        assert harness.acked == [1, 2, 3]
        assert [(letter.stage, letter.language) for letter in harness.dead_letters] == [("synthesize", "es")] * 2

    run_scenario(scenario)


def test_a_clip_that_hangs_half_way_is_failed_above_its_own_attempt() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.delay["es"] = 40
        await harness.send(translation(1))
        await harness.until(61)
        begun, failed = harness.speech
        assert (begun.status, begun.last) == (OK, False)
        assert (failed.status, failed.last, failed.payload) == (FAILED, True, b"")
        assert failed.attempt > begun.attempt

    run_scenario(scenario)


def test_a_language_without_a_voice_has_one_dead_letter_and_no_hold() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(translation(1), translation(2), translation(3), every=0.001)
        assert harness.outcomes == [(1, FAILED), (2, FAILED), (3, FAILED)]
        assert len(harness.dead_letters) == 1
        assert "UnsupportedLanguage" in harness.dead_letters[0].error

    run_scenario(scenario, SynthesizeHarness(ScriptedSynthesizer(languages=["en"])))


def test_numbers_that_were_seen_or_are_in_progress_are_dropped_and_counted() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.delay["es"] = 0.5
        await harness.send(translation(4), translation(4), translation(5))
        await harness.until(10)
        await harness.send(translation(4), translation(5), every=4)
        assert harness.outcomes == [(4, OK), (5, OK)]
        assert harness.context.metrics.total(Metric.REPLAYED_RECORDS, stage="synthesize") == 3
        assert sorted(harness.acked) == [4, 4, 4, 5, 5]

    run_scenario(scenario)


def test_a_language_behind_the_speaker_speaks_faster_until_it_has_caught_up() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        clips = [translation(1, 6000), translation(2, 1200), *(translation(number) for number in range(3, 30))]
        await harness.send(*clips, every=0.01)
        tempos = [harness.chunks(number)[0].tempo for number in range(1, 30)]
        assert tempos[:2] == [1.0, 1.3]
        assert tempos[2:] == sorted(tempos[2:], reverse=True)
        assert tempos[-1] == 1.0
        # The first ends at 7 s, 5 s behind the second's segment.
        assert harness.context.metrics.observations(Metric.SPEECH_LAG, language="es")[:2] == [0, 5000]
        faster = sum(len(chunk.payload) for chunk in harness.chunks(2))
        assert faster == 2 * round(1200 * RATE / 1000 / 1.3)

    run_scenario(scenario)


@pytest.mark.parametrize(("most", "outcomes"), [("5", [OK, SKIPPED, OK]), ("6", [OK, OK, OK]), ("0", [OK, OK, OK])])
def test_what_would_come_too_late_is_not_spoken(most: str, outcomes: list[Status]) -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        # The first ends at 7 s: 5.4 s behind the second, 4 s behind the third.
        await harness.send(translation(1, 6000), translation(2, end=1600), translation(3, end=3000), every=0.01)
        assert [status for _, status in harness.outcomes] == outcomes
        assert harness.context.metrics.total(Metric.SPEECH_SKIPPED, language="es") == outcomes.count(SKIPPED)
        assert harness.acked == [1, 2, 3]

    run_scenario(scenario, SynthesizeHarness(SPEECH_MAX_LAG=most))
