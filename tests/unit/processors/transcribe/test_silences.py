"""What a take says of silence, at any rate of feeding."""

from __future__ import annotations

import asyncio

import pytest

from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.recogniser import Hypothesis
from processors.transcribe.stage import TranscribeStage
from shared.models import AudioFrame, FinalResult, PartialResult, Record, Silence, Word
from shared.sessions import Session
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import LOUD, RATE, TranscribeHarness

pytestmark = pytest.mark.hermetic

QUIET = bytes(len(LOUD))
ONE, TWO = Word("one", 1000, 1400), Word("two", 7400, 7800)
#: A word, a pause of 6 s in the middle of an utterance, and a word.
PAUSE = Script(
    (
        Hypothesis(1, 1000, 1400, 1800, (ONE,), final=False),
        Hypothesis(1, 1000, 7800, 8200, (ONE, TWO), final=False),
        Hypothesis(1, 1000, 7800, 9000, (ONE, TWO), final=True),
    )
)


async def played(script: Script, feed_rate: float | None, seconds: float) -> list[Record]:
    """What a scripted take publishes of a recording that is sent at once."""
    engine = ScriptedEngine(script)
    engine.feed_rate = feed_rate
    harness = OperatorHarness(TranscribeStage(engine))
    await harness.store.create(Session(id="talk", source_language="en", target_languages=(), started_at=EPOCH))
    await harness.start()
    for n in range(round(seconds * 10)):
        await harness.send(AudioFrame(session="talk", captured_at=EPOCH, offset=n * 1600, payload=QUIET))
    await asyncio.sleep(seconds / (feed_rate or 1) + 1)
    emitted = list(harness.emitted)
    await harness.close()
    return emitted


@pytest.mark.parametrize("feed_rate", [1.0, 1.5, 4.0, None])
def test_a_pause_is_the_same_evidence_at_any_rate_of_feeding(feed_rate: float | None) -> None:
    async def main() -> None:
        emitted = await played(PAUSE, feed_rate, 9.5)
        silences = [record.position for record in emitted if isinstance(record, Silence)]
        assert silences == list(range(1800 + 1500, 8200, 500))
        order = [record.position for record in emitted if isinstance(record, Silence | PartialResult)]
        assert order == sorted(order)

    run(main())


@pytest.mark.parametrize("feed_rate", [1.0, None])
def test_normal_speech_costs_no_silence(feed_rate: float | None) -> None:
    async def main() -> None:
        words = [Word(f"w{n}", n * 400, n * 400 + 350) for n in range(20)]
        emitted = await played(Script.from_words(words), feed_rate, 10)
        assert not [record for record in emitted if isinstance(record, Silence)]
        assert [record for record in emitted if isinstance(record, FinalResult)]

    run(main())


def test_an_engine_that_cannot_tell_is_silent_a_lookahead_behind_quiet_audio_in_real_time() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("one", 500, 1500)
        await harness.speak(6, QUIET)
        positions = [silence.position for silence in harness.emitted(Silence)]
        assert positions[0] >= 2000 + 1500
        assert positions[-1] <= 8000 - 1500
        assert {(s.take, s.utterance) for s in harness.emitted(Silence)} == {(1, 1)}
        await harness.context.close()

    run(main())


def test_an_engine_that_cannot_tell_is_not_said_to_be_silent_while_somebody_speaks() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("one", 500, 1500)
        await harness.speak(5.5)
        assert not harness.emitted(Silence)
        await harness.context.close()

    run(main())


def test_an_engine_that_cannot_tell_is_not_said_to_be_silent_while_it_catches_up() -> None:
    async def main() -> None:
        harness = TranscribeHarness()
        harness.engine.feed_rate = 1.5
        await harness.open()
        for n in range(300):
            await harness.send_at(n * 1600, QUIET)
        await asyncio.sleep(1)
        harness.engine.takes[0].say("one", 500, 1000)
        await asyncio.sleep(15)
        assert not harness.emitted(Silence)
        await harness.context.close()

    run(main())


def test_a_muted_speaker_is_silent_at_the_tip_by_the_clock_of_arrival() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("the last words", 500, 1800)
        await asyncio.sleep(3)
        positions = [silence.position for silence in harness.emitted(Silence)]
        assert 4000 <= positions[0] <= 4600
        assert positions[-1] <= 5200
        await harness.context.close()

    run(main())


@pytest.mark.parametrize("lag", [None, 100.0])
def test_absence_is_no_silence_while_the_reader_is_behind_or_was_frozen(lag: float | None) -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("in the middle of", 500, 1800)
        harness.context.tip_lag = lag
        await asyncio.sleep(11)
        harness.context.tip_lag = 0.0
        await harness.speak(1)
        assert not harness.emitted(Silence)
        assert not harness.emitted(FinalResult)
        assert len(harness.engine.takes) == 1
        await harness.context.close()

    run(main())


def test_audio_that_cannot_be_read_for_long_is_no_end_of_an_utterance() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("in the middle of", 500, 1800)
        harness.context.tip_lag = None
        await asyncio.sleep(60)
        assert harness.engine.takes[0].closed
        assert len(harness.engine.takes) == 1
        harness.context.tip_lag = 0.0
        await harness.speak(1)
        assert not harness.emitted(FinalResult)
        assert not harness.emitted(Silence)
        assert [take.start for take in harness.engine.takes] == [0, 0]
        assert harness.engine.takes[1].position == 3000
        await harness.context.close()

    run(main())


def test_a_take_that_drops_in_mid_utterance_says_nothing_of_silence() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        harness.engine.takes[0].say("in the middle of", 500, 1800)
        harness.engine.takes[0].drop()
        await harness.speak(8, QUIET)
        assert len(harness.engine.takes) == 2
        assert not harness.emitted(Silence)
        await harness.context.close()

    run(main())


def test_results_of_seconds_that_were_fed_in_one_go_stand_where_they_were_known() -> None:
    async def main() -> None:
        harness = TranscribeHarness()
        harness.engine.lookahead = 1.0  # type: ignore[attr-defined]
        await harness.open()
        await harness.speak(10, QUIET)
        take = harness.engine.takes[0]
        take.say("one", 500, 1000)
        take.say("one two", 500, 2000)
        take.say("one two", 500, 1900)
        take.say("one two", 500, 2000, final=True)
        take.say("three", 3000, 9900, utterance=2)
        await asyncio.sleep(0.1)
        positions = [(r.utterance, r.position) for r in harness.emitted(PartialResult)]
        assert positions == [(1, 2000), (1, 3000), (1, 3000), (2, 10_000)]
        assert [r.position for r in harness.emitted(FinalResult)] == [3000]
        await harness.context.close()

    run(main())


def test_the_first_word_behind_a_mute_is_live() -> None:
    async def main() -> None:
        harness = TranscribeHarness()
        harness.engine.feed_rate = 1.5
        await harness.open()
        await harness.speak(2)
        await asyncio.sleep(29)
        harness.offset += 29 * RATE
        await harness.speak(2)
        assert [take.start for take in harness.engine.takes] == [0, 31_000]
        assert harness.engine.takes[1].position >= 1500
        await harness.context.close()

    run(main())
