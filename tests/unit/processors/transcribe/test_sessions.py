"""Sessions that the transcribe stage ends, refuses, gives up audio of, or loses to another owner."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from processors.contract import Closing
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.metrics import Metric
from shared.models import DeadLetter, FinalResult, PartialResult, SessionEnded
from shared.sessions import SessionState
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import RATE, TranscribeHarness

pytestmark = pytest.mark.hermetic


def test_audio_that_no_recogniser_takes_for_max_hold_is_one_span_of_loss_and_the_session_goes_on() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        harness.engine.failure = EngineUnavailable("out of quota")
        await harness.speak(90, bytes(3200))
        assert len(harness.acked()) > 100
        dead_letters = harness.emitted(DeadLetter)
        assert dead_letters[0].start == 0
        assert "out of quota" in dead_letters[0].error
        assert all(before.end == after.start for before, after in pairwise(dead_letters))
        lost = harness.context.metrics.total(Metric.AUDIO_LOST)
        assert lost == dead_letters[-1].end
        held = 90_000 - lost
        assert held <= 60_000
        harness.engine.failure = None
        await asyncio.sleep(6)
        assert harness.engine.takes[0].start == lost
        assert harness.engine.takes[0].position == held
        await harness.context.close()

    run(main())


def test_the_end_of_a_session_comes_behind_its_last_final_and_marks_it_ended() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        (take,) = harness.engine.takes
        take.say("good bye", 500, 1500)
        await harness.end()
        await asyncio.sleep(1)
        assert [type(record) for record in harness.context.emitted] == [PartialResult, FinalResult, SessionEnded]
        assert (await harness.item()).state is SessionState.ENDED
        assert len(harness.context.acked) == 21
        await harness.send_at(0)
        assert not harness.emitted(DeadLetter)
        await harness.send_at(5 * RATE)
        await harness.send_at(6 * RATE)
        assert len(harness.emitted(DeadLetter)) == 1
        assert len(harness.context.acked) == 24
        await harness.context.close()

    run(main())


def test_a_replay_after_the_end_is_dropped_without_a_dead_letter() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(1)
        await harness.end()
        await asyncio.sleep(1)
        again = TranscribeHarness(store=harness.store)
        await again.context.start()
        await again.speak(1)
        await again.end()
        await asyncio.sleep(1)
        assert not again.context.emitted
        assert len(again.context.acked) == 11
        assert not again.engine.takes
        await harness.context.close()
        await again.context.close()

    run(main())


def test_a_new_owner_fences_the_old_one_and_skips_what_was_heard() -> None:
    async def main() -> None:
        old = await TranscribeHarness().open()
        await old.speak(3)
        old.engine.takes[0].say("mine", 0, 2000, final=True)
        await asyncio.sleep(0.1)
        acked = len(old.acked())
        new = TranscribeHarness(store=old.store)
        await new.context.start()
        await new.speak(4)
        assert new.engine.takes[0].start == 1500
        assert new.acked() == [n * 1600 for n in range(15)]
        await old.speak(1)
        old.engine.takes[0].say("still mine", 3000, 3500, utterance=2, final=True)
        await asyncio.sleep(0.1)
        assert old.context.fenced
        assert (await old.item()).heard == 2000
        await old.speak(5)
        assert len(old.engine.takes) == 1
        assert old.engine.takes[0].closed
        assert len(old.acked()) == acked
        new.engine.takes[0].say("mine now", 1500, 2000, final=True)
        await asyncio.sleep(0.1)
        assert (await new.item()).heard == 3500
        await old.context.close()
        await new.context.close()

    run(main())


def test_a_worker_that_lost_the_session_cannot_take_it_back_by_reopening() -> None:
    async def main() -> None:
        old = await TranscribeHarness().open()
        await old.speak(1)
        new = TranscribeHarness(store=old.store)
        await new.context.start()
        await new.speak(1)
        old.engine.takes[0].drop()
        await old.speak(2)
        assert old.context.fenced
        assert (await new.item()).take == 2
        await old.context.close()
        await new.context.close()

    run(main())


def test_the_end_of_a_shard_ends_the_recogniser_and_acks_everything() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2)
        (take,) = harness.engine.takes
        take.say("in the middle of", 500, 1900)
        await asyncio.sleep(0)
        await harness.context.close(Closing.SHARD_END)
        assert [type(record) for record in harness.context.emitted] == [PartialResult, FinalResult]
        assert take.finished
        assert len(harness.acked()) == 20
        assert (await harness.item()).state is SessionState.OPEN
        assert (await harness.item()).heard == 1900

    run(main())


def test_frames_of_another_rate_or_beyond_the_longest_session_are_refused() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open(settings={"MAX_SESSION_LENGTH": "600"})
        await harness.speak(1)
        await harness.send_at(16000, rate=8000)
        await harness.send_at(10**12)
        harness.offset = 16000
        await harness.speak(1)
        assert len(harness.engine.takes) == 1
        assert harness.engine.takes[0].position == 2000
        (letter,) = harness.emitted(DeadLetter)
        assert "expected audio at 16000 Hz, got 8000 Hz" in letter.error
        assert harness.context.metrics.total(Metric.REFUSED_FRAMES) == 2
        await harness.context.close()

    run(main())


def test_a_language_that_the_engine_will_never_serve_is_one_dead_letter() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        harness.engine.failure = UnsupportedLanguage("expected one of en, got xx")
        await harness.speak(2)
        await harness.end()
        await asyncio.sleep(1)
        assert len(harness.emitted(DeadLetter)) == 1
        assert len(harness.context.acked) == 21
        assert len(harness.emitted(SessionEnded)) == 1
        assert (await harness.item()).state is SessionState.ENDED
        await harness.context.close()

    run(main())


def test_the_newest_frame_is_noted_every_ten_seconds() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(40, bytes(3200))
        assert EPOCH + 29_000 <= (await harness.item()).last_frame_at <= EPOCH + 39_900
        await harness.context.close()

    run(main())
