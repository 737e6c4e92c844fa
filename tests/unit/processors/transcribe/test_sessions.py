"""Sessions that the transcribe stage ends, refuses, gives up audio of, or loses to another owner."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from processors.contract import Closing
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.metrics import Metric
from shared.models import DeadLetter, FinalResult, PartialResult, SessionEnded
from shared.sessions import SessionState
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import RATE, TranscribeHarness


def test_audio_that_no_recogniser_takes_for_max_hold_is_one_span_of_loss_and_the_session_goes_on() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        studio.engine.failure = EngineUnavailable("out of quota")
        await studio.speak(90, bytes(3200))
        assert len(studio.released()) > 100
        letters = studio.emitted(DeadLetter)
        assert letters[0].start == 0
        assert "out of quota" in letters[0].error
        assert all(before.end == after.start for before, after in pairwise(letters))
        lost = studio.bench.metrics.total(Metric.AUDIO_LOST)
        assert lost == letters[-1].end
        held = 90_000 - lost
        assert held <= 60_000
        studio.engine.failure = None
        await asyncio.sleep(6)
        assert studio.engine.takes[0].start == lost
        assert studio.engine.takes[0].position == held
        await studio.bench.close()

    run(main())


def test_the_end_of_a_session_comes_behind_its_last_final_and_marks_it_ended() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(2)
        (take,) = studio.engine.takes
        take.say("good bye", 500, 1500)
        await studio.end()
        await asyncio.sleep(1)
        assert [type(record) for record in studio.bench.emitted] == [PartialResult, FinalResult, SessionEnded]
        assert (await studio.item()).state is SessionState.ENDED
        assert len(studio.bench.released) == 21
        await studio.send_at(0)
        assert not studio.emitted(DeadLetter)
        await studio.send_at(5 * RATE)
        await studio.send_at(6 * RATE)
        assert len(studio.emitted(DeadLetter)) == 1
        assert len(studio.bench.released) == 24
        await studio.bench.close()

    run(main())


def test_a_replay_after_the_end_is_dropped_without_a_dead_letter() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(1)
        await studio.end()
        await asyncio.sleep(1)
        again = TranscribeHarness(store=studio.store)
        await again.bench.start()
        await again.speak(1)
        await again.end()
        await asyncio.sleep(1)
        assert not again.bench.emitted
        assert len(again.bench.released) == 11
        assert not again.engine.takes
        await studio.bench.close()
        await again.bench.close()

    run(main())


def test_a_new_owner_fences_the_old_one_and_skips_what_was_heard() -> None:
    async def main() -> None:
        old = await TranscribeHarness().open()
        await old.speak(3)
        old.engine.takes[0].say("mine", 0, 2000, final=True)
        await asyncio.sleep(0.1)
        released = len(old.released())
        new = TranscribeHarness(store=old.store)
        await new.bench.start()
        await new.speak(4)
        assert new.engine.takes[0].start == 1500
        assert new.released() == [n * 1600 for n in range(15)]
        await old.speak(1)
        old.engine.takes[0].say("still mine", 3000, 3500, utterance=2, final=True)
        await asyncio.sleep(0.1)
        assert old.bench.fenced
        assert (await old.item()).heard == 2000
        await old.speak(5)
        assert len(old.engine.takes) == 1
        assert old.engine.takes[0].closed
        assert len(old.released()) == released
        new.engine.takes[0].say("mine now", 1500, 2000, final=True)
        await asyncio.sleep(0.1)
        assert (await new.item()).heard == 3500
        await old.bench.close()
        await new.bench.close()

    run(main())


def test_a_worker_that_lost_the_session_cannot_take_it_back_by_reopening() -> None:
    async def main() -> None:
        old = await TranscribeHarness().open()
        await old.speak(1)
        new = TranscribeHarness(store=old.store)
        await new.bench.start()
        await new.speak(1)
        old.engine.takes[0].drop()
        await old.speak(2)
        assert old.bench.fenced
        assert (await new.item()).take == 2
        await old.bench.close()
        await new.bench.close()

    run(main())


def test_the_end_of_a_shard_ends_the_recogniser_and_releases_everything() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(2)
        (take,) = studio.engine.takes
        take.say("in the middle of", 500, 1900)
        await asyncio.sleep(0)
        await studio.bench.close(Closing.SHARD_END)
        assert [type(record) for record in studio.bench.emitted] == [PartialResult, FinalResult]
        assert take.finished
        assert len(studio.released()) == 20
        assert (await studio.item()).state is SessionState.OPEN
        assert (await studio.item()).heard == 1900

    run(main())


def test_frames_of_another_rate_or_beyond_the_longest_session_are_refused() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open(settings={"MAX_SESSION_LENGTH": "600"})
        await studio.speak(1)
        await studio.send_at(16000, rate=8000)
        await studio.send_at(10**12)
        studio.offset = 16000
        await studio.speak(1)
        assert len(studio.engine.takes) == 1
        assert studio.engine.takes[0].position == 2000
        (letter,) = studio.emitted(DeadLetter)
        assert "expected audio at 16000 Hz, got 8000 Hz" in letter.error
        assert studio.bench.metrics.total(Metric.REFUSED_FRAMES) == 2
        await studio.bench.close()

    run(main())


def test_a_language_that_the_engine_will_never_serve_is_one_dead_letter() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        studio.engine.failure = UnsupportedLanguage("expected one of en, got xx")
        await studio.speak(2)
        await studio.end()
        await asyncio.sleep(1)
        assert len(studio.emitted(DeadLetter)) == 1
        assert len(studio.bench.released) == 21
        assert len(studio.emitted(SessionEnded)) == 1
        assert (await studio.item()).state is SessionState.ENDED
        await studio.bench.close()

    run(main())


def test_the_newest_frame_is_noted_every_ten_seconds() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(40, bytes(3200))
        assert EPOCH + 29_000 <= (await studio.item()).last_frame_at <= EPOCH + 39_900
        await studio.bench.close()

    run(main())
