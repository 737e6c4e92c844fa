"""A session that ends under its speaker: who is told, when, and what is still sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from producers import AudioProducer, BlockingAudioProducer
from shared.errors import OutageBufferFull, SessionOver
from shared.models import SessionEnded
from shared.sessions import MemorySessionStore
from tests.support.virtual_time import run
from tests.unit.producers.flaky_store import FlakyStore
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, RATE, TALK, assert_contiguous, producer, speak

pytestmark = pytest.mark.hermetic

#: What the writer is told.
TOLD = r"session talk has ended; what it says behind {:.1f} s is not heard: .* choose another id"


async def say(to: AudioProducer, seconds: float) -> float:
    """Speaks until the producer says that the session is over; returns the time (s) at which it did."""
    with pytest.raises(SessionOver):
        await speak(to, seconds)
    return asyncio.get_running_loop().time()


def test_who_speaks_on_behind_the_end_is_told_within_10_s_and_nothing_more_is_sent() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        with pytest.raises(SessionOver, match=TOLD.format(60)) as told:
            async with producer(stream, store) as talk:
                await speak(talk, 60)
                await store.items.end("talk", 0, 60_000)
                await speak(talk, 30)
        assert not hasattr(told.value, "__notes__")
        assert asyncio.get_running_loop().time() <= 70
        sent = await stream.records()
        assert not any(isinstance(record, SessionEnded) for record in sent)
        await asyncio.sleep(60)
        assert await stream.records() == sent

    run(main())


@pytest.mark.parametrize("mute", [10, 29, 400])
def test_who_speaks_again_after_a_mute_in_which_the_session_ended_is_told_at_once(mute: float) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store).open()
        await speak(talk, 5)
        await store.items.end("talk", 0, 5000)
        await asyncio.sleep(mute)
        sent = await stream.records()
        for _ in range(3):
            with pytest.raises(SessionOver, match=TOLD.format(5)):
                await talk.write(CHUNK)
        await talk.close()
        assert await stream.records() == sent

    run(main())


def test_the_item_is_looked_at_every_5_s_and_no_more_once_it_is_closed() -> None:
    async def main() -> None:
        store = FlakyStore()
        async with producer(FlakyStream(), store) as talk:
            await speak(talk, 101)
            looks = store.loads
            assert 19 <= looks <= 20
        assert store.loads == looks + 1
        await asyncio.sleep(100)
        assert store.loads == looks + 1

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("hangs", [False, True])
def test_a_store_that_is_out_ends_nothing_and_the_end_is_noticed_once_it_is_back(hangs: bool) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store).open()
        await speak(talk, 10)
        store.out, store.hangs = not hangs, hangs
        await speak(talk, 400)
        await store.items.end("talk", 0, 410_000)
        await speak(talk, 20)
        store.out = store.hangs = False
        assert await say(talk, 30) <= 440
        await talk.close()
        assert_contiguous(await stream.frames())

    run(main())


@pytest.mark.parametrize("hangs", [False, True])
def test_a_store_that_is_out_neither_fails_a_close_nor_keeps_it_longer_than_its_timeout(hangs: bool) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store, timeout_s=4).open()
        await speak(talk, 1)
        store.out, store.hangs = not hangs, hangs
        await talk.close()
        assert asyncio.get_running_loop().time() <= 5
        *frames, ended = await stream.records()
        assert len(frames) == 10
        assert isinstance(ended, SessionEnded)

    run(main())


@pytest.mark.parametrize("end", [False, True])
def test_a_close_tells_of_what_was_written_behind_the_end(end: bool) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store).open()
        await speak(talk, 4)
        await store.items.end("talk", 0, 3000)
        with pytest.raises(SessionOver, match=TOLD.format(3)):
            await talk.close(end=end)
        await talk.close()
        assert not any(isinstance(record, SessionEnded) for record in await stream.records())

    run(main())


@pytest.mark.parametrize("later", [0, 60])
def test_a_close_is_quiet_where_all_was_heard(later: float) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        async with producer(stream, store) as talk:
            await speak(talk, 4)
            # What does not fill a frame is not sent before the close.
            await talk.write(CHUNK[:1000])
            await store.items.end("talk", 0, 4000)
            await asyncio.sleep(later)
        assert len(await stream.records()) == 40

    run(main())


@pytest.mark.parametrize("later", [0, 60])
def test_a_close_is_quiet_where_nothing_was_written(later: float) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        await store.items.create(TALK)
        await store.items.advance_heard("talk", 0, 5000)
        async with producer(stream, store, offset=10 * RATE):
            await store.items.end("talk", 0, 5000)
            await asyncio.sleep(later)
        assert await stream.records() == []

    run(main())


@pytest.mark.parametrize("live", [False, True])
def test_a_write_that_waits_for_the_stream_is_told_too(live: bool) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store, live=live, outage_buffer_s=600).open()
        await talk.write(CHUNK)
        stream.delay, stream.out = 40, not live
        await talk.write(CHUNK * 30)
        waiting = asyncio.create_task(talk.write(CHUNK))
        await asyncio.sleep(1)
        await store.items.end("talk", 0, 0)
        with pytest.raises(SessionOver):
            await waiting
        assert asyncio.get_running_loop().time() <= 12
        await talk.close()

    run(main())


def test_in_an_outage_of_the_stream_the_end_goes_before_the_full_buffer() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store, outage_buffer_s=5).open()
        stream.out = True
        with pytest.raises(OutageBufferFull):
            await speak(talk, 10)
        await store.items.end("talk", 0, 0)
        await asyncio.sleep(10)
        with pytest.raises(SessionOver):
            await talk.write(CHUNK)
        stream.out = False
        await talk.close()
        assert await stream.records() == []

    run(main())


def test_the_own_end_is_no_other_ones_though_its_answer_is_lost() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store, timeout_s=60).open()
        await speak(talk, 4)
        stream.out = stream.keeps = True
        closing = asyncio.create_task(talk.close())
        await asyncio.sleep(1)
        # It was written, and transcribe has ended the session, heard a little less than was spoken.
        await store.items.end("talk", 0, 3000)
        await asyncio.sleep(20)
        stream.out = False
        await closing

    run(main())


def test_what_the_block_raised_comes_out_though_the_session_is_over() -> None:
    async def main() -> None:
        store = FlakyStore()
        with pytest.raises(ZeroDivisionError) as caught:
            async with producer(FlakyStream(), store) as talk:
                await speak(talk, 4)
                await store.items.end("talk", 0, 1000)
                await asyncio.sleep(10)
                raise ZeroDivisionError
        assert "is not heard" in caught.value.__notes__[0]

    run(main())


def test_a_writer_that_waits_while_the_producer_is_closed_waits_no_more() -> None:
    async def main() -> None:
        stream = FlakyStream()
        talk = await producer(stream, timeout_s=2).open()
        stream.delay = 3600
        await talk.write(CHUNK * 30)
        writers = [asyncio.create_task(talk.write(CHUNK)) for _ in range(2)]
        await asyncio.sleep(1)
        with pytest.raises(Exception, match=r"3\.0 s of audio and the end of the session were not sent"):
            await talk.close()
        for writer in writers:
            with pytest.raises(Exception, match="closed"):
                await writer

    run(main())


@pytest.mark.parametrize("leave", [BlockingAudioProducer.close, lambda talk: talk.__exit__(None, None, None)])
def test_a_plain_program_is_told_as_well(leave: Callable[[BlockingAudioProducer], None]) -> None:
    store = MemorySessionStore()
    talk = BlockingAudioProducer(AudioProducer(FlakyStream(), store, TALK, live=False)).open()
    talk.write(CHUNK * 10)
    asyncio.run(store.end("talk", 0, 500))
    with pytest.raises(SessionOver, match=TOLD.format(0.5)):
        leave(talk)
    talk.close()


def test_a_plain_program_is_told_by_its_first_write() -> None:
    store = MemorySessionStore()
    talk = BlockingAudioProducer(AudioProducer(FlakyStream(), store, replace(TALK, started_at=0))).open()
    asyncio.run(store.end("talk", 0, 0))
    with pytest.raises(SessionOver):
        talk.write(CHUNK)
    talk.close()


def test_a_plain_program_is_told_by_a_later_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.stored_session._POLL_INTERVAL", 0.01)
    store = MemorySessionStore()
    with (
        pytest.raises(SessionOver),
        BlockingAudioProducer(AudioProducer(FlakyStream(), store, TALK, live=False)) as talk,
    ):
        talk.write(CHUNK)
        asyncio.run(store.end("talk", 0, 0))
        while True:
            talk.write(CHUNK)
