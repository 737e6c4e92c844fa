"""What arrives on the stream of what a client writes."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import (
    SessionMismatch,
    SessionOver,
    StoreUnavailable,
)
from shared.metrics import MemoryMetrics, Metric
from shared.models import AudioFrame, SessionEnded
from shared.sessions import MemorySessionStore, Session
from tests.support.virtual_time import EPOCH, run
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, RATE, TALK, assert_contiguous, producer, speak

pytestmark = pytest.mark.hermetic


def test_live_speech_becomes_frames_of_100_ms_and_the_end_of_the_session() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), MemorySessionStore()
        async with producer(stream, store) as talk:
            await speak(talk, 1)
        *frames, ended = await stream.records()
        assert [(f.offset, f.captured_at) for f in frames if isinstance(f, AudioFrame)] == [
            (n * 1600, EPOCH + (n + 1) * 100) for n in range(10)
        ]
        assert all(isinstance(f, AudioFrame) and f.payload == CHUNK and f.rate == RATE for f in frames)
        assert ended == SessionEnded(session="talk", captured_at=EPOCH + 1000)
        assert await store.load("talk") == TALK

    run(main())


@given(pcm=st.binary(max_size=20_000), cuts=st.lists(st.integers(0, 20_000), max_size=8), live=st.booleans())
def test_any_cut_of_the_bytes_arrives_whole(pcm: bytes, cuts: list[int], live: bool) -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream, live=live) as talk:
            for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(pcm)], strict=True):
                await talk.write(pcm[start:end])
        frames = await stream.frames()
        assert_contiguous(frames)
        # Half a sample at the very end is no audio.
        assert b"".join(frame.payload for frame in frames) == pcm[: len(pcm) // 2 * 2]

    run(main())


def test_one_long_write_tells_when_each_frame_was_captured() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream) as talk:
            await asyncio.sleep(1)
            await talk.write(CHUNK * 10)
        # All ten wait at once, so they leave in one record that tells its newest sample's time.
        assert [(f.offset, f.samples, f.captured_at) for f in await stream.frames()] == [(0, RATE, EPOCH + 1000)]

        stream = FlakyStream()
        async with producer(stream, frame_ms=1000) as talk:
            await asyncio.sleep(5)
            await talk.write(CHUNK * 25, captured_at=EPOCH + 4000)
        assert [(f.offset, f.captured_at) for f in await stream.frames()] == [
            (24_000, EPOCH + 2500),
            (40_000, EPOCH + 3500),
            (56_000, EPOCH + 4000),
        ]

    run(main())


def test_a_producer_that_is_behind_packs_up_to_a_second_and_keeps_the_order() -> None:
    async def main() -> None:
        stream = FlakyStream()
        stream.delay = 1.0
        metrics = MemoryMetrics()
        async with producer(stream, metrics=metrics) as talk:
            await speak(talk, 10)
        frames = await stream.frames()
        assert_contiguous(frames)
        assert sum(frame.samples for frame in frames) == 10 * RATE
        assert max(frame.samples for frame in frames) == RATE
        assert stream.most_in_flight == 1
        assert metrics.level(Metric.UNSENT_AUDIO, session="talk") == 0

    run(main())


def test_what_the_block_raised_is_what_comes_out_and_the_session_goes_on() -> None:
    async def main() -> None:
        stream = FlakyStream()
        with pytest.raises(ZeroDivisionError) as caught:
            async with producer(stream) as talk:
                await speak(talk, 1)
                await asyncio.sleep(0.05)
                stream.out = True
                await speak(talk, 1)
                raise ZeroDivisionError
        assert "1.0 s of audio were not sent" in caught.value.__notes__[0]
        assert not any(isinstance(record, SessionEnded) for record in await stream.records())

    run(main())


def test_a_restarted_client_goes_on_where_the_clock_stands() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), MemorySessionStore()
        talk = await producer(stream, store).open()
        await speak(talk, 2)
        await talk.close(end=False)
        await asyncio.sleep(3)
        # It knows nothing of its former life but the session's id.
        async with producer(stream, store, session=replace(TALK, started_at=EPOCH + 5000)) as talk:
            assert talk.session == TALK
            await speak(talk, 1)
        *frames, ended = await stream.records()
        assert isinstance(ended, SessionEnded)
        assert not any(isinstance(frame, SessionEnded) for frame in frames)
        starts = [frame.offset for frame in frames if isinstance(frame, AudioFrame)]
        assert starts == [*range(0, 2 * RATE, 1600), *range(5 * RATE, 6 * RATE, 1600)]

    run(main())


def test_a_restarted_client_whose_clock_is_slow_stays_behind_what_was_heard() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), MemorySessionStore()
        await store.create(TALK)
        await store.advance_heard("talk", 0, 8000)
        async with producer(stream, store) as talk:
            await speak(talk, 1)
        assert_contiguous(await stream.frames(), first=8 * RATE)

    run(main())


def test_a_muted_microphone_leaves_a_gap_and_jitter_does_not() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream) as talk:
            await speak(talk, 1)
            await talk.write(CHUNK[:1000])
            await asyncio.sleep(0.4)
            await speak(talk, 1)
            await asyncio.sleep(10)
            await speak(talk, 1)
        frames = await stream.frames()
        gaps = [after.offset - before.offset - before.samples for before, after in itertools.pairwise(frames)]
        assert [gap for gap in gaps if gap] == [RATE * 104 // 10 - 500]
        assert frames[-1].offset + frames[-1].samples == RATE * 134 // 10
        assert sum(frame.samples for frame in frames) == 3 * RATE + 500

    run(main())


def test_a_burst_ahead_of_the_clock_never_sends_offsets_back() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream) as talk:
            await talk.write(CHUNK * 20)
            await speak(talk, 1)
        assert_contiguous(await stream.frames())

    run(main())


def test_a_session_that_ended_or_differs_is_refused() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), MemorySessionStore()
        await store.create(TALK)
        with pytest.raises(SessionMismatch, match=r"16000 Hz in 'en'.*got 8000 Hz in 'en'"):
            await producer(stream, store, session=replace(TALK, rate=8000)).open()
        with pytest.raises(SessionMismatch, match="got 16000 Hz in 'de'"):
            await producer(stream, store, session=replace(TALK, source_language="de")).open()
        await store.end("talk", 0, 0)
        with pytest.raises(SessionOver, match="talk"):
            await producer(stream, store).open()
        assert await stream.records() == []

    run(main())


def test_open_waits_for_a_store_that_is_out() -> None:
    class OutStore(MemorySessionStore):
        def __init__(self, until: float) -> None:
            super().__init__()
            self.until = until

        async def create(self, session: Session) -> None:
            if asyncio.get_running_loop().time() < self.until:
                raise StoreUnavailable("throttled")
            await super().create(session)

    async def main() -> None:
        async with producer(FlakyStream(), OutStore(8)) as talk:
            assert talk.session == TALK
        with pytest.raises(StoreUnavailable):
            await producer(FlakyStream(), OutStore(1000)).open()

    run(main())


def test_writing_to_a_producer_that_is_not_open_is_an_error() -> None:
    async def main() -> None:
        talk = producer(FlakyStream())
        with pytest.raises(RuntimeError, match="open"):
            await talk.write(CHUNK)
        async with talk:
            await talk.close()
            with pytest.raises(RuntimeError, match="closed"):
                await talk.write(CHUNK)

    run(main())


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="expected frame_ms to be 10-1000, got 2000"):
        producer(FlakyStream(), frame_ms=2000)
    with pytest.raises(ValueError, match="expected an offset of 0 or more, got -1"):
        producer(FlakyStream(), offset=-1)
