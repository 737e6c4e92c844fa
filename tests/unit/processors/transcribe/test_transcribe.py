"""The transcribe stage with a recogniser whose every word the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

from processors.contract import Closing
from processors.transcribe.recogniser import Hypothesis
from processors.transcribe.stage import TranscribeStage
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.metrics import Metric
from shared.models import AudioFrame, DeadLetter, FinalResult, PartialResult, Record, SessionEnded, Word
from shared.sessions import MemorySessionStore, Session, SessionState
from tests.support.operators import OperatorBench
from tests.support.virtual_time import EPOCH, run

RATE = 16000
LOUD = b"\x00\x20" * (RATE // 10)


class Take:
    """A recogniser that says what it is told to."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.heard = b""
        self.finished = False
        self.closed = False
        self.last: Hypothesis | None = None
        self._queue: asyncio.Queue[Hypothesis | None] = asyncio.Queue()

    @property
    def position(self) -> int:
        return len(self.heard) // 2 * 1000 // RATE

    def say(self, text: str, start: int, end: int, *, utterance: int = 1, final: bool = False) -> None:
        """Says words of an utterance that spans `start` to `end` ms of the take."""
        words = tuple(Word(word, start, end) for word in text.split())
        hypothesis = Hypothesis(utterance, start, end, self.position, words, final=final)
        self.last = None if final else hypothesis
        self._queue.put_nowait(hypothesis)

    def drop(self) -> None:
        self._queue.put_nowait(None)

    async def feed(self, pcm: bytes) -> None:
        self.heard += pcm

    async def finish(self) -> None:
        self.finished = True
        self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        while (hypothesis := await self._queue.get()) is not None:
            yield hypothesis

    async def close(self) -> None:
        self.closed = True


class Engine:
    rate = RATE
    feed_rate: float | None = None

    def __init__(self) -> None:
        self.takes: list[Take] = []
        self.failure: Exception | None = None

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    async def open(self, session: Session, start: int) -> Take:
        if self.failure is not None:
            raise self.failure
        self.takes.append(Take(start))
        return self.takes[-1]

    async def close(self) -> None:
        pass


class Studio:
    """A session, its engine and a transcribe operator."""

    def __init__(self, *, store: MemorySessionStore | None = None) -> None:
        self.engine = Engine()
        self.store = store or MemorySessionStore()
        self.bench = OperatorBench(TranscribeStage(self.engine), store=self.store)
        self.offset = 0

    async def open(self, **fields: Any) -> Studio:
        session = Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH, **fields)
        await self.store.create(session)
        await self.bench.start()
        return self

    async def speak(self, seconds: float, pcm: bytes = LOUD) -> None:
        """Sends so much audio, in frames of 100 ms, at real-time pace."""
        for _ in range(round(seconds * 10)):
            await self.send_at(self.offset, pcm)
            await asyncio.sleep(0.1)

    async def send_at(self, offset: int, pcm: bytes = LOUD, rate: int = RATE) -> None:
        now = self.bench.clock.now()
        frame = AudioFrame(session="talk", captured_at=now, offset=offset, payload=pcm, rate=rate, hops={"ingest": now})
        self.offset = offset + len(pcm) // 2
        await self.bench.send(frame)

    async def end(self) -> None:
        await self.bench.send(SessionEnded(session="talk", captured_at=self.bench.clock.now()))

    def emitted(self, kind: type[Record]) -> list[Any]:
        return [record for record in self.bench.emitted if isinstance(record, kind)]

    def released(self) -> list[int]:
        return [record.offset for record in self.bench.released if isinstance(record, AudioFrame)]

    async def item(self) -> Session:
        return await self.store.load("talk")


def test_results_are_placed_in_audio_time_and_a_final_releases_the_audio_behind_it() -> None:
    async def main() -> None:
        studio = await Studio().open()
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
        studio = await Studio().open()
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
        studio = await Studio().open()
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
        studio = await Studio().open()
        await studio.speak(1)
        await studio.send_at(60 * RATE)
        await asyncio.sleep(1)
        assert [take.start for take in studio.engine.takes] == [0, 60_000]
        assert studio.engine.takes[0].finished
        assert len(studio.engine.takes[0].heard) == 32000
        assert studio.bench.metrics.total(Metric.GAPS_FILLED) == 0
        await studio.bench.close()

    run(main())


def test_a_dropped_recogniser_is_opened_again_and_hears_what_has_no_final() -> None:
    async def main() -> None:
        studio = await Studio().open()
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


def test_a_new_take_begins_half_a_second_behind_what_was_heard_wherever_that_lies_in_a_record() -> None:
    async def main() -> None:
        studio = await Studio().open()
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
        studio = await Studio().open()
        await studio.speak(15, bytes(3200))
        assert studio.released()[-1] == last_frame_within(5 * RATE)
        assert (await studio.item()).heard == 0
        assert len(studio.engine.takes) == 1
        await studio.bench.close()

    run(main())


def test_a_recogniser_that_says_nothing_of_loud_audio_is_replaced_ever_more_patiently() -> None:
    async def main() -> None:
        studio = await Studio().open()
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
        studio = await Studio().open()
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
        studio = await Studio().open()
        await studio.speak(1)
        await asyncio.sleep(10)
        assert studio.engine.takes[0].finished
        assert len(studio.released()) == 10
        await studio.speak(1)
        assert len(studio.engine.takes) == 2
        assert studio.bench.metrics.total(Metric.RECOGNISER_DROPS) == 0
        await studio.bench.close()

    run(main())


def test_audio_that_no_recogniser_takes_for_max_hold_is_one_span_of_loss_and_the_session_goes_on() -> None:
    async def main() -> None:
        studio = await Studio().open()
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


def test_a_backlog_is_fed_no_faster_than_the_engine_allows_and_waiting_is_no_hold() -> None:
    async def main() -> None:
        studio = Studio()
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


def test_the_end_of_a_session_comes_behind_its_last_final_and_marks_it_ended() -> None:
    async def main() -> None:
        studio = await Studio().open()
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
        studio = await Studio().open()
        await studio.speak(1)
        await studio.end()
        await asyncio.sleep(1)
        again = Studio(store=studio.store)
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
        old = await Studio().open()
        await old.speak(3)
        old.engine.takes[0].say("mine", 0, 2000, final=True)
        await asyncio.sleep(0.1)
        released = len(old.released())
        new = Studio(store=old.store)
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
        old = await Studio().open()
        await old.speak(1)
        new = Studio(store=old.store)
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
        studio = await Studio().open()
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
        studio = await Studio().open(settings={"MAX_SESSION_LENGTH": "600"})
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
        studio = await Studio().open()
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


def test_a_session_of_another_rate_is_resampled_for_the_engine() -> None:
    async def main() -> None:
        studio = await Studio().open(rate=8000)
        for n in range(20):
            await studio.send_at(n * 800, bytes(1600), rate=8000)
        await studio.end()
        await asyncio.sleep(1)
        assert abs(studio.engine.takes[0].position - 2000) <= 2
        assert (await studio.item()).heard == 2000
        await studio.bench.close()

    run(main())


def test_the_newest_frame_is_noted_every_half_minute() -> None:
    async def main() -> None:
        studio = await Studio().open()
        await studio.speak(40, bytes(3200))
        assert EPOCH + 29_000 <= (await studio.item()).last_frame_at <= EPOCH + 31_000
        await studio.bench.close()

    run(main())


def last_frame_within(offset: int) -> int:
    """The frame of 100 ms that ends at or just before this offset."""
    return offset // 1600 * 1600 - 1600
