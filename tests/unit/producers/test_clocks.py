"""A speaker's wall clock that is wrong or is set: where the audio stands all the same."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from shared.errors import OutageBufferFull
from shared.models import AudioFrame
from shared.sessions import MemorySessionStore
from tests.support.clocks import SkewedClock
from tests.support.virtual_time import EPOCH, VirtualClock, run
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, RATE, TALK, assert_contiguous, producer, speak

pytestmark = pytest.mark.hermetic

#: What the wall clock is set by, in s.
STEPS = [20, -20, 3600, -3600, 7300, -7300, 400_000]


def gaps(frames: list[AudioFrame]) -> list[int]:
    """Samples that no frame has, between those that have some."""
    between = (after.offset - before.offset - before.samples for before, after in itertools.pairwise(frames))
    return [gap for gap in between if gap]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("back_after", [0.1, 5, 100])
def test_a_clock_that_is_set_in_mid_talk_moves_no_audio(step: float, back_after: float) -> None:
    async def main() -> None:
        stream, clock = FlakyStream(), SkewedClock()
        async with producer(stream, clock=clock) as talk:
            await speak(talk, 10)
            clock.ahead = step
            await speak(talk, back_after)
            clock.ahead = 0
            await speak(talk, 10)
        frames = await stream.frames()
        assert_contiguous(frames)
        # When it was captured is told by the client's clock, as it was.
        during = next(frame for frame in frames if frame.offset == 10 * RATE)
        assert during.captured_at == EPOCH + 10_100 + step * 1000

    run(main())


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_between_capture_and_write_moves_no_audio(step: float) -> None:
    async def main() -> None:
        stream, clock = FlakyStream(), SkewedClock()
        async with producer(stream, clock=clock) as talk:
            for n in range(100):
                await asyncio.sleep(0.1)
                captured_at = clock.now() - 1000
                clock.ahead = step if 20 <= n < 23 else 0
                await talk.write(CHUNK, captured_at=captured_at)
        assert_contiguous(await stream.frames())

    run(main())


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_in_a_mute_leaves_the_mutes_own_gap(step: float) -> None:
    async def main() -> None:
        stream, clock = FlakyStream(), SkewedClock()
        async with producer(stream, clock=clock) as talk:
            await speak(talk, 1)
            await asyncio.sleep(14)
            clock.ahead = step
            await asyncio.sleep(15)
            await speak(talk, 1)
        assert gaps(await stream.frames()) == [29 * RATE]

    run(main())


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_in_an_outage_leaves_the_hole_of_what_was_refused(step: float) -> None:
    async def main() -> None:
        stream, clock = FlakyStream(), SkewedClock()
        refused = 0
        async with producer(stream, clock=clock, outage_buffer_s=5) as talk:
            outage = asyncio.create_task(stream.fail_for(7.25))
            for n in range(100):
                await asyncio.sleep(0.1)
                clock.ahead = step if n >= 60 else 0
                try:
                    await talk.write(CHUNK)
                except OutageBufferFull:
                    refused += 1
            await outage
        assert refused > 0
        assert gaps(await stream.frames()) == [refused * 1600]

    run(main())


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_while_a_write_waits_leaves_no_gap(step: float) -> None:
    async def main() -> None:
        stream, clock = FlakyStream(), SkewedClock()
        stream.delay = 3.0
        async with producer(stream, clock=clock, timeout_s=60) as talk:
            for n in range(200):
                # The microphone hands on what it has kept meanwhile.
                await asyncio.sleep(max(0, (n + 1) / 10 - asyncio.get_running_loop().time()))
                clock.ahead = step if n % 50 > 25 else 0
                await talk.write(CHUNK)
        assert_contiguous(await stream.frames())

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("back_after", [0.1, 100])
def test_a_clock_that_is_set_before_the_first_write_moves_no_audio(step: float, back_after: float) -> None:
    async def main() -> None:
        stream, store, clock = FlakyStream(), MemorySessionStore(), SkewedClock()
        await store.create(TALK)
        await asyncio.sleep(600)
        talk = await producer(stream, store, clock=clock).open()
        await asyncio.sleep(3)
        clock.ahead = step
        await speak(talk, back_after)
        clock.ahead = 0
        await speak(talk, 2)
        await talk.close()
        assert_contiguous(await stream.frames(), first=603 * RATE)

    run(main())


@pytest.mark.parametrize("step", STEPS)
def test_a_new_session_begins_with_its_first_sample_whatever_the_clock_says(step: float) -> None:
    async def main() -> None:
        stream, clock = FlakyStream(), SkewedClock(-step)
        talk = await producer(stream, clock=clock, session=replace(TALK, started_at=0)).open()
        await asyncio.sleep(3)
        clock.ahead = 0
        await speak(talk, 0.1)
        clock.ahead = step
        await speak(talk, 2)
        await talk.close()
        assert_contiguous(await stream.frames())

    run(main())


@pytest.mark.parametrize("ahead", [7300, -7300, 400_000])
def test_who_goes_on_with_a_clock_that_cannot_be_right_stays_behind_what_was_heard(ahead: float) -> None:
    async def main() -> None:
        stream, store, clock = FlakyStream(), MemorySessionStore(), SkewedClock(ahead)
        await store.create(TALK)
        await store.advance_heard("talk", 0, 60_000)
        await asyncio.sleep(65)
        async with producer(stream, store, clock=clock) as talk:
            await speak(talk, 1)
            await asyncio.sleep(29)
            await speak(talk, 1)
        frames = await stream.frames()
        assert frames[0].offset == 60 * RATE
        assert gaps(frames) == [29 * RATE]

    run(main())


def test_who_goes_on_with_a_long_session_stands_where_the_clock_says() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), MemorySessionStore()
        await store.create(TALK)
        # Its workers allow longer sessions than this client knows of.
        await asyncio.sleep(10_000)
        await store.advance_heard("talk", 0, 9_990_000)
        async with producer(stream, store) as talk:
            await speak(talk, 1)
        assert_contiguous(await stream.frames(), first=10_000 * RATE)

    run(main())


@pytest.mark.parametrize("ahead", [0, 2, -2, 30, 7300, -7300])
def test_a_capture_clock_that_is_off_by_as_much_all_along_changes_nothing(ahead: float) -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream, session=replace(TALK, started_at=0)) as talk:
            for n in range(60):
                await asyncio.sleep(29.1 if n == 30 else 0.1)
                await talk.write(CHUNK, captured_at=VirtualClock().now() + round(ahead * 1000))
        frames = await stream.frames()
        assert frames[0].offset == 0
        assert gaps(frames) == [29 * RATE]

    run(main())


def test_audio_that_waited_for_its_write_stands_where_it_was_captured() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream) as talk:
            await speak(talk, 1)
            # A mute of 10 s, and then 4 s of speech that the client had to keep.
            await asyncio.sleep(14)
            for n in range(40):
                await talk.write(CHUNK, captured_at=EPOCH + 11_100 + n * 100)
            await speak(talk, 1)
        frames = await stream.frames()
        assert gaps(frames) == [10 * RATE]
        assert frames[-1].offset + frames[-1].samples == 16 * RATE

    run(main())
