"""Publishes one session's records in order, one at a time, through outages of the stream."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from producers.audio_clock import AudioClock, Moment
from producers.status import ProducerStatus
from shared.backoff import delays
from shared.codec import encode
from shared.errors import AudioNotSent, StreamUnavailable
from shared.metrics import Metric, Metrics
from shared.models import AudioFrame, SessionEnded
from shared.streams import Entry, Stream

log = logging.getLogger(__name__)

#: The most audio in one record, in s.
_PACKED_S = 1
#: How long (ms) a stream may leave a record unanswered before it counts as one that takes none.
_ANSWER_TIMEOUT = 2000
#: Seconds in which the record in flight is given up once it is told to be.
_STOP_TIMEOUT = 1.0


class Sender:
    """A queue and the task that empties it.

    Only one record is in flight, so nothing overtakes; what waits behind it is packed, consecutive frames of up to
    1 s to a record.
    """

    def __init__(self, stream: Stream, metrics: Metrics, session: str, rate: int, audio_clock: AudioClock) -> None:
        self._stream = stream
        self._metrics = metrics
        self._session = session
        self._rate = rate
        self._audio_clock = audio_clock
        self._queue: deque[AudioFrame | SessionEnded] = deque()
        self._unsent = 0
        self._idle = True
        #: When the record in flight was given to the stream first.
        self._in_flight_since: Moment | None = None
        self._refused_since: float | None = None
        self._refusal = ""
        self._failure: Exception | None = None
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    @property
    def unsent_s(self) -> float:
        """Seconds of audio that the stream has not taken yet; where nothing is sent any more, what is lost."""
        return self._unsent / self._rate

    @property
    def refused_s(self) -> float | None:
        """How long the stream has refused records, in s; None while it takes them."""
        if self._refused_since is None:
            return None
        return asyncio.get_running_loop().time() - self._refused_since

    def status(self, buffered_s: float) -> ProducerStatus:
        """How it stands, with `buffered_s` of audio still to be put; any thread may ask."""
        since, failure, refusal = self._in_flight_since, self._failure, self._refusal
        silent = since is not None and self._audio_clock.elapsed() - since.loop >= _ANSWER_TIMEOUT
        if failure is not None:
            refusal = refusal or str(failure) or type(failure).__name__
        elif silent and not refusal:
            refusal = f"the stream has not answered for {_ANSWER_TIMEOUT / 1000:g} s"
        return ProducerStatus(
            connected=not refusal,
            refused_since=since.wall if refusal and since is not None else None,
            unsent_s=self.unsent_s + buffered_s,
            refusal=refusal,
        )

    @property
    def drained(self) -> bool:
        """True once the stream has taken everything."""
        return self._idle and not self._queue

    def put(self, record: AudioFrame | SessionEnded) -> None:
        """Queues the record."""
        self._queue.append(record)
        self._account(_samples(record))

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Waits for the condition, looked at whenever something has changed.

        Raises what the stream raised, where that was not StreamUnavailable, or what `fail` was given: nothing will be
        sent any more.
        """
        while self._failure is None and not condition():
            await self._changed.wait()
        self.check()

    def check(self) -> None:
        """Raises as `wait_for` does."""
        if self._failure is not None:
            raise self._failure

    def fail(self, error: Exception) -> None:
        """Sends nothing more: whoever waits, and whoever will, is told so by the error."""
        if self._failure is None:
            self._failure = error
            self._task.cancel()
            self._queue.clear()
            self._metrics.gauge(Metric.UNSENT_AUDIO, 0, session=self._session)
            self._notify()

    async def stop(self) -> None:
        """Returns once nothing is in flight any more, and does not wait long for a stream that cannot be cancelled."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=_STOP_TIMEOUT)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Somebody else has cancelled it, as the end of an event loop does: whoever waits is told, and the log is."""
        if self._failure is None:
            unsent = f"session {self._session}: sending was cut off; {self.unsent_s:.1f} s of audio were not sent"
            self.fail(AudioNotSent(unsent))
            if self._unsent:
                log.warning("%s: close the producer before its event loop ends", unsent)

    async def _run(self) -> None:
        try:
            while True:
                await self.wait_for(lambda: bool(self._queue))
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
        self._in_flight_since = self._audio_clock.now()
        for delay in delays():
            try:
                await self._stream.publish([entry])
            except StreamUnavailable as error:
                self._refusal = str(error) or type(error).__name__
                self._metrics.count(Metric.PUBLISHES_REFUSED, session=self._session)
                if self._refused_since is None:
                    self._refused_since = asyncio.get_running_loop().time()
                self._notify()
                await asyncio.sleep(delay)
            else:
                self._refused_since = self._in_flight_since = None
                self._refusal = ""
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
