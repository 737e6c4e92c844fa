"""The producer for programs without an event loop."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from producers.audio_producer import AudioProducer
from producers.producer_thread import ProducerThread
from producers.status import ProducerStatus
from shared.errors import ProducerClosed

log = logging.getLogger(__name__)

Returned = TypeVar("Returned")

#: Seconds for which the end of the interpreter waits for a producer that nobody has closed.
_EXIT_TIMEOUT = 2.0


class BlockingAudioProducer:
    """Runs an AudioProducer on a thread of its own; methods block and raise as that one's do, in any thread.

    `with BlockingAudioProducer(AudioProducer(stream, store, session)) as producer: producer.write(pcm)`. The stream
    belongs to that thread from then on: give no event loop of yours, and no other producer, the same one.

    After a fork, the parent goes on, and the child's `write` and `open` raise ForkedProcess. Where the interpreter
    ends and nobody has closed it, it sends for 2 s at most what is left, the session goes on, and a warning in the log
    says how many seconds of audio were not sent.
    """

    def __init__(self, producer: AudioProducer) -> None:
        self._producer = producer
        self._opening = threading.Lock()
        self._thread: ProducerThread | None = None

    @property
    def status(self) -> ProducerStatus:
        """Whether the stream takes what is sent, and how much is not sent yet; any thread may ask."""
        return self._producer.status

    def open(self) -> Self:
        """Creates the session, or continues the one of this id; raises as AudioProducer.open does.

        Raises RuntimeError where it is open already.
        """
        if self._thread is not None:
            self._thread.check()
        with self._opening:
            if self._thread is not None:
                raise RuntimeError("expected a producer that is not open, got one that is")
            self._thread = ProducerThread("audio-producer")
        try:
            self._call(self._producer.open())
        except BaseException:
            self._stop()
            raise
        atexit.register(self._close_at_exit)
        return self

    def write(self, pcm: bytes, *, captured_at: int | None = None) -> None:
        """Takes mono PCM s16le, captured up to `captured_at` (epoch ms); waits and raises as AudioProducer.write."""
        self._call(self._producer.write(pcm, captured_at=captured_at))

    def close(self, *, end: bool = True) -> None:
        """In a forked child it does nothing: what the parent has open is the parent's."""
        self._close_on_thread(self._producer.close(end=end))

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close_on_thread(self._producer.__aexit__(kind, error, traceback))

    def _close_on_thread(self, closing: Coroutine[Any, Any, None]) -> None:
        thread = self._thread
        if thread is None or not thread.here:
            closing.close()
            return
        try:
            future = thread.submit(closing)
            if future is not None:
                _result(future)
        except KeyboardInterrupt as stopped:
            self._stop()
            stopped.add_note(self._unsent)
            raise
        finally:
            self._stop()

    def _call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        thread = self._thread
        future = None
        if thread is None:
            work.close()
        else:
            future = thread.submit(work)
        if future is None:
            raise ProducerClosed("expected an open producer, got one that is not open yet or closed already")
        return _result(future)

    def _stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            atexit.unregister(self._close_at_exit)
            thread.stop()

    @property
    def _unsent(self) -> str:
        return f"session {self._producer.session.id}: {self._producer.status.unsent_s:.1f} s of audio were not sent"

    def _close_at_exit(self) -> None:
        thread = self._thread
        if thread is None or not thread.here:
            return
        # As where a client fails: the session goes on, and what cannot be sent makes no error.
        closing = thread.submit(self._producer.__aexit__(SystemExit, SystemExit(), None))
        if closing is not None:
            with suppress(Exception):
                closing.result(_EXIT_TIMEOUT)
            closing.cancel()
        log.warning("%s: the interpreter ended before the producer was closed; the session goes on", self._unsent)
        self._stop()


def _result(future: Future[Returned]) -> Returned:
    try:
        return future.result()
    except CancelledError:
        raise ProducerClosed("the producer was closed while this waited") from None
    except BaseException:
        future.cancel()
        raise
