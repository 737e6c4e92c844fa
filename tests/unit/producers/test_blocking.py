"""The producer without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from producers import AudioProducer, BlockingAudioProducer
from shared.codec import decode
from shared.errors import AudioNotSent, ProducerClosed, SessionOver
from shared.models import AudioFrame, SessionEnded
from shared.sessions import MemorySessionStore, Session, SessionState
from shared.streams import Entry, MemoryStream
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = pytest.mark.hermetic

TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


class Recorder(MemoryStream):
    """A stream that hands what it took to another thread."""

    def __init__(self) -> None:
        super().__init__("audio")
        self.written: list[object] = []

    async def publish(self, entries: Sequence[Entry]) -> None:
        self.written += [decode(entry.data) for entry in entries]


def test_a_plain_program_writes_and_closes() -> None:
    stream = Recorder()
    with BlockingAudioProducer(AudioProducer(stream, MemorySessionStore(), TALK, live=False)) as talk:
        talk.write(bytes(5000))
        talk.write(bytes(3000))
    *frames, ended = stream.written
    assert sum(frame.samples for frame in frames if isinstance(frame, AudioFrame)) == 4000
    assert isinstance(ended, SessionEnded)
    talk.close()
    with pytest.raises(RuntimeError, match="closed"):
        talk.write(bytes(2))


def test_it_can_leave_a_session_open_and_come_back() -> None:
    stream, store = Recorder(), MemorySessionStore()
    talk = BlockingAudioProducer(AudioProducer(stream, store, TALK, live=False)).open()
    talk.write(bytes(3200))
    talk.close(end=False)
    with BlockingAudioProducer(AudioProducer(stream, store, TALK, live=False, offset=1600)) as talk:
        talk.write(bytes(3200))
    first, second, ended = stream.written
    assert isinstance(first, AudioFrame)
    assert isinstance(second, AudioFrame)
    assert second.offset == first.offset + first.samples
    assert isinstance(ended, SessionEnded)


def test_threads_that_wait_while_it_is_closed_are_told() -> None:
    class Stuck(Recorder):
        async def publish(self, entries: Sequence[Entry]) -> None:
            await asyncio.Event().wait()

    talk = BlockingAudioProducer(AudioProducer(Stuck(), MemorySessionStore(), TALK, live=False, timeout_s=0.1)).open()
    talk.write(bytes(100_000))
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(talk.write, bytes(100_000)) for _ in range(3)]
        while not all(future.running() for future in waiting):
            pass
        with pytest.raises(AudioNotSent, match="the end of the session were not sent"):
            talk.close()
        for future in waiting:
            assert isinstance(future.exception(), AudioNotSent | RuntimeError)


def test_whenever_it_is_closed_no_thread_is_left_waiting() -> None:
    for _ in range(100):
        stream = Recorder()
        talk = BlockingAudioProducer(AudioProducer(stream, MemorySessionStore(), TALK, live=False)).open()
        together = threading.Barrier(5)

        def speak(talk: BlockingAudioProducer = talk, together: threading.Barrier = together) -> int:
            together.wait()
            written = 0
            with suppress(ProducerClosed):
                while True:
                    talk.write(bytes(3200))
                    written += 1
            return written

        def leave(talk: BlockingAudioProducer = talk, together: threading.Barrier = together) -> None:
            together.wait()
            talk.close()

        with ThreadPoolExecutor(5) as threads:
            speaking = [threads.submit(speak) for _ in range(3)]
            for leaving in [threads.submit(leave) for _ in range(2)]:
                leaving.result(TIMEOUT)
            written = sum(one.result(TIMEOUT) for one in speaking)
        # What was taken was sent, and the end once, behind it.
        *frames, ended = stream.written
        assert sum(frame.samples for frame in frames if isinstance(frame, AudioFrame)) == written * 1600
        assert isinstance(ended, SessionEnded)
        assert sum(isinstance(record, SessionEnded) for record in stream.written) == 1


def test_a_plain_program_sees_how_the_stream_takes_it_from_any_thread() -> None:
    stream = Recorder()
    talk = BlockingAudioProducer(AudioProducer(stream, MemorySessionStore(), TALK, live=False))
    assert not talk.status.connected
    with talk:
        talk.write(bytes(3200))
        wait_until(lambda: stream.written and not talk.status.unsent_s, "the frame")
        assert talk.status.connected
    assert not talk.status.connected


def test_it_is_opened_once_at_a_time_and_not_used_on_its_own_thread() -> None:
    class Selfish(Recorder):
        async def publish(self, entries: Sequence[Entry]) -> None:
            talk.write(bytes(3200))

    talk = BlockingAudioProducer(AudioProducer(Selfish(), MemorySessionStore(), TALK, live=False)).open()
    with pytest.raises(RuntimeError, match="expected a producer that is not open, got one that is"):
        talk.open()
    talk.write(bytes(3200))
    with pytest.raises(RuntimeError, match="which would wait for itself"):
        talk.close()


def test_an_open_that_waits_for_the_store_is_told_of_a_close() -> None:
    asked = threading.Event()

    class Silent(MemorySessionStore):
        """Does not answer the first call."""

        async def create(self, session: Session) -> None:
            if not asked.is_set():
                asked.set()
                await asyncio.sleep(3600)
            await super().create(session)

    talk = BlockingAudioProducer(AudioProducer(Recorder(), Silent(), TALK, timeout_s=7200))
    with ThreadPoolExecutor(1) as threads:
        opening = threads.submit(talk.open)
        assert asked.wait(TIMEOUT)
        talk.close()
        with pytest.raises(ProducerClosed, match=r"the producer was closed while this waited$"):
            opening.result(TIMEOUT)
    with talk:
        talk.write(bytes(3200))


def test_errors_come_through_and_leave_no_thread_behind() -> None:
    before = set(threading.enumerate())
    store = MemorySessionStore()
    asyncio.run(store.create(replace(TALK, state=SessionState.ENDED)))
    with pytest.raises(SessionOver, match="talk"):
        BlockingAudioProducer(AudioProducer(Recorder(), store, TALK)).open()
    with (
        pytest.raises(ZeroDivisionError),
        BlockingAudioProducer(AudioProducer(Recorder(), MemorySessionStore(), TALK)),
    ):
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before
