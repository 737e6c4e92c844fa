"""The end of a producer: every write that waits is told, whatever the stream, the store or the client does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from producers import AudioProducer
from shared.errors import AudioNotSent, LowLatencyTranslateError, ProducerClosed, SessionOver
from shared.models import SessionEnded
from shared.streams import Entry
from tests.support.virtual_time import run
from tests.unit.producers.flaky_store import FlakyStore
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, TALK, producer, speak

pytestmark = pytest.mark.hermetic


async def waiting_writers(talk: AudioProducer) -> list[asyncio.Task[None]]:
    """One write that waits for room and one that waits for its turn, at a stream that takes nothing."""
    await talk.write(CHUNK * 30)
    writers = [asyncio.create_task(talk.write(CHUNK)) for _ in range(2)]
    await asyncio.sleep(1)
    assert not any(writer.done() for writer in writers)
    return writers


async def assert_told(writers: Sequence[asyncio.Task[None]]) -> None:
    """They end at once: no virtual time passes until they have."""
    async with asyncio.timeout(0.001):
        for writer in writers:
            with pytest.raises(ProducerClosed, match="closed"):
                await writer


def test_a_write_to_a_producer_that_is_not_open_says_where_that_is_in_its_life() -> None:
    async def main() -> None:
        talk = producer(FlakyStream())
        with pytest.raises(
            ProducerClosed, match="session talk: expected an open producer, got one that is not open yet"
        ):
            await talk.write(CHUNK)
        async with talk:
            await talk.write(CHUNK)
        for _ in range(2):
            with pytest.raises(ProducerClosed, match="got one that is closed already"):
                await talk.write(CHUNK)
        assert issubclass(ProducerClosed, AudioNotSent)
        assert issubclass(ProducerClosed, LowLatencyTranslateError)

    run(main())


def test_a_write_while_it_is_being_closed_is_refused_at_once_and_one_before_is_sent() -> None:
    async def main() -> None:
        stream = FlakyStream()
        stream.delay = 2
        talk = await producer(stream, timeout_s=60).open()
        await talk.write(CHUNK * 30)
        before = asyncio.create_task(talk.write(CHUNK))
        await asyncio.sleep(0)
        closing = asyncio.create_task(talk.close())
        await asyncio.sleep(0)
        async with asyncio.timeout(0.001):
            with pytest.raises(ProducerClosed, match="got one that is being closed"):
                await talk.write(CHUNK)
        await closing
        await before
        *frames, ended = await stream.records()
        assert sum(frame.samples for frame in frames if not isinstance(frame, SessionEnded)) == 31 * 1600
        assert isinstance(ended, SessionEnded)

    run(main())


@pytest.mark.parametrize("times", [1, 2])
def test_a_close_that_is_cancelled_leaves_no_write_waiting_and_says_what_is_lost(times: int) -> None:
    async def main() -> None:
        stream = FlakyStream()
        talk = await producer(stream).open()
        stream.delay = 3600
        writers = await waiting_writers(talk)
        closing = asyncio.create_task(talk.close())
        await asyncio.sleep(1)
        for _ in range(times):
            closing.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await closing
        await assert_told(writers)
        if times == 1:
            assert cancelled.value.__notes__ == [
                "session talk: 3.0 s of audio and the end of the session were not sent"
            ]
        assert talk.status.unsent_s == 3
        await talk.close()

    run(main())


def test_a_close_that_finds_the_session_over_leaves_no_write_waiting() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        talk = await producer(stream, store).open()
        stream.delay = 3600
        writers = await waiting_writers(talk)
        await store.items.end("talk", 0, 3000)
        await talk.close()
        async with asyncio.timeout(0.001):
            for writer in writers:
                with pytest.raises(SessionOver):
                    await writer

    run(main())


def test_no_write_waits_for_the_store_behind_a_close() -> None:
    async def main() -> None:
        store = FlakyStore()
        talk = await producer(FlakyStream(), store, session=replace(TALK, started_at=0), timeout_s=4).open()
        store.hangs = True
        # The second has its turn, and the whole of its timeout for the store, once the first has had its own.
        writers = [asyncio.create_task(talk.write(CHUNK)) for _ in range(3)]
        await asyncio.sleep(2)
        with pytest.raises(AudioNotSent, match="the end of the session were not sent"):
            await talk.close()
        await assert_told(writers[1:])
        assert writers[0].done()
        assert "the store did not answer" in str(writers[0].exception())

    run(main())


def test_a_close_beside_another_waits_for_it_and_says_nothing() -> None:
    async def main() -> None:
        stream = FlakyStream()
        stream.delay = 1
        talk = await producer(stream).open()
        await talk.write(CHUNK)
        first, second = (asyncio.create_task(talk.close()) for _ in range(2))
        await second
        assert first.done()
        await first
        assert [type(record).__name__ for record in await stream.records()] == ["AudioFrame", "SessionEnded"]

    run(main())


def test_a_write_that_is_cancelled_takes_nothing_and_the_next_has_its_turn() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream, timeout_s=60) as talk:
            stream.delay = 5
            await talk.write(CHUNK * 30)
            waiting = asyncio.create_task(talk.write(CHUNK * 7))
            behind = asyncio.create_task(talk.write(CHUNK))
            await asyncio.sleep(1)
            waiting.cancel()
            await behind
        assert sum(frame.samples for frame in await stream.frames()) == 31 * 1600

    run(main())


def test_a_stream_that_lets_go_of_nothing_does_not_hold_up_the_close() -> None:
    class Deaf(FlakyStream):
        async def publish(self, entries: Sequence[Entry]) -> None:
            for _ in range(3):
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    continue

    async def main() -> None:
        talk = await producer(Deaf(), timeout_s=2).open()
        writers = await waiting_writers(talk)
        async with asyncio.timeout(10):
            with pytest.raises(AudioNotSent, match=r"within 2 s; 3\.0 s of audio and the end of the session"):
                await talk.close()
        await assert_told(writers)

    run(main())


def test_what_is_sent_being_cancelled_by_someone_else_is_told_to_who_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Cancelled(FlakyStream):
        async def publish(self, entries: Sequence[Entry]) -> None:
            await asyncio.sleep(2)
            raise asyncio.CancelledError

    async def main() -> None:
        talk = await producer(Cancelled()).open()
        for writer in await waiting_writers(talk):
            with pytest.raises(AudioNotSent, match=r"session talk: sending was cut off; 3\.0 s of audio were not sent"):
                await writer
        with pytest.raises(AudioNotSent, match="cut off"):
            await talk.close()

    run(main())
    assert "3.0 s of audio were not sent" in caplog.text


def test_an_event_loop_that_ends_before_the_producer_is_closed_leaves_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        stream = FlakyStream()
        stream.delay = 3600
        await speak(await producer(stream).open(), 1.5)

    run(main())
    assert "session talk: sending was cut off; 1.5 s of audio were not sent: close the producer" in caplog.text


@pytest.mark.parametrize("live", [True, False])
def test_a_producer_is_opened_once_at_a_time_and_again_when_it_is_closed(*, live: bool) -> None:
    async def main() -> None:
        stream = FlakyStream()
        talk = await producer(stream, live=live, offset=800).open()
        with pytest.raises(
            RuntimeError, match="session talk: expected a producer that is not open, got one that is open"
        ):
            await talk.open()
        await talk.write(CHUNK)
        await talk.close(end=False)
        async with talk:
            await talk.write(CHUNK)
        first, second = await stream.frames()
        assert second.offset >= first.offset + first.samples
        assert live or second.offset == 800 + 1600

    run(main())
