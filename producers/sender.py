"""Publishes one session's records in order, one at a time, through outages of the stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from shared.backoff import delays
from shared.codec import encode
from shared.errors import AudioNotSent, StreamUnavailable
from shared.metrics import Metric, Metrics
from shared.models import AudioFrame, SessionEnded
from shared.streams import Entry, Stream

#: The most audio in one record, in s.
_PACKED_S = 1


class Sender:
    """A queue and the task that empties it.

    Only one record is in flight, so nothing overtakes; what waits behind it is packed, consecutive frames of up to
    1 s to a record.
    """

    def __init__(self, stream: Stream, metrics: Metrics, session: str, rate: int) -> None:
        self._stream = stream
        self._metrics = metrics
        self._session = session
        self._rate = rate
        self._queue: deque[AudioFrame | SessionEnded] = deque()
        self._unsent = 0
        self._idle = True
        self._refused_since: float | None = None
        self._failure: Exception | None = None
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def unsent_s(self) -> float:
        """Seconds of audio that the stream has not taken yet."""
        return self._unsent / self._rate

    @property
    def refused_s(self) -> float | None:
        """How long the stream has refused records, in s; None while it takes them."""
        if self._refused_since is None:
            return None
        return asyncio.get_running_loop().time() - self._refused_since

    @property
    def done(self) -> bool:
        """True once the stream has taken everything."""
        return self._idle and not self._queue

    def put(self, record: AudioFrame | SessionEnded) -> None:
        """Queues the record."""
        self._queue.append(record)
        self._account(_samples(record))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for the condition, looked at whenever something has changed.

        Raises what the stream raised, where that was not StreamUnavailable, or what `fail` was given: nothing will be
        sent any more.
        """
        while self._failure is None and not condition():
            await self._changed.wait()
        if self._failure is not None:
            raise self._failure

    def fail(self, error: Exception) -> None:
        """Sends nothing more: whoever waits, and whoever will, is told so by the error."""
        if self._failure is None:
            self._failure = error
            self._task.cancel()
            self._queue.clear()
            self._account(-self._unsent)

    async def stop(self) -> None:
        """Ends the task; what is still queued is given up, and a writer that waits for room is told so."""
        self.fail(AudioNotSent(f"session {self._session}: the producer was closed while this waited to be sent"))
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                await self.until(lambda: bool(self._queue))
                self._idle = False
                record = self._pack()
                await self._publish(record)
                self._idle = True
                self._account(-_samples(record))
        except Exception as error:
            self._failure = error
            self._notify()

    def _pack(self) -> AudioFrame | SessionEnded:
        first = self._queue.popleft()
        if isinstance(first, SessionEnded):
            return first
        packed = [first]
        samples = first.samples
        while self._queue:
            following = self._queue[0]
            if (
                isinstance(following, SessionEnded)
                or following.offset != first.offset + samples
                or samples + following.samples > _PACKED_S * self._rate
            ):
                break
            self._queue.popleft()
            packed.append(following)
            samples += following.samples
        return replace(packed[-1], offset=first.offset, payload=b"".join(frame.payload for frame in packed))

    async def _publish(self, record: AudioFrame | SessionEnded) -> None:
        # The same bytes every time: a refused record may have been written all the same.
        entry = Entry(record.key, encode(record))
        for delay in delays():
            try:
                await self._stream.publish([entry])
            except StreamUnavailable:
                self._metrics.count(Metric.PUBLISHES_REFUSED, session=self._session)
                if self._refused_since is None:
                    self._refused_since = asyncio.get_running_loop().time()
                self._notify()
                await asyncio.sleep(delay)
            else:
                self._refused_since = None
                return

    def _account(self, samples: int) -> None:
        self._unsent += samples
        self._metrics.gauge(Metric.UNSENT_AUDIO, self.unsent_s, session=self._session)
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _samples(record: AudioFrame | SessionEnded) -> int:
    return record.samples if isinstance(record, AudioFrame) else 0
