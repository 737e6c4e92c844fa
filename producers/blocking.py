"""The producer for programs without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from producers.audio_producer import AudioProducer

Returned = TypeVar("Returned")

#: Seconds in which a write that waits learns that the producer is closed.
_SETTLE = 1.0


class BlockingAudioProducer:
    """Runs an AudioProducer on a thread of its own; methods block and raise as that one's do.

    `with BlockingAudioProducer(AudioProducer(stream, store, session)) as producer: producer.write(pcm)`. The stream
    and the store belong to that thread from then on: give no event loop of yours the same objects.
    """

    def __init__(self, producer: AudioProducer) -> None:
        self._producer = producer
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> Self:
        """See AudioProducer.open."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="audio-producer", daemon=True)
        self._thread.start()
        try:
            self._call(self._producer.open())
        except BaseException:
            self._stop()
            raise
        return self

    def write(self, pcm: bytes, *, captured_at: int | None = None) -> None:
        """See AudioProducer.write."""
        self._call(self._producer.write(pcm, captured_at=captured_at))

    def close(self, *, end: bool = True) -> None:
        """See AudioProducer.close."""
        if self._loop is None:
            return
        try:
            self._call(self._producer.close(end=end))
        finally:
            self._stop()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """See AudioProducer.__aexit__."""
        if self._loop is None:
            return
        try:
            self._call(self._producer.__aexit__(kind, error, traceback))
        finally:
            self._stop()

    def _call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        loop = self._loop
        if loop is None:
            work.close()
            raise RuntimeError("expected an open producer, got one that is not open yet or closed already")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _stop(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            # Threads that wait in `write` are told before the loop ends, which would tell them nothing.
            asyncio.run_coroutine_threadsafe(_settle(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()


async def _settle() -> None:
    """Has every other task of the running loop end, in its own way if it can."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, late = await asyncio.wait(others, timeout=_SETTLE)
        for task in late:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
