"""What one opening of a producer holds: audio on its way to the stream."""

from __future__ import annotations

import asyncio

from producers.audio_clock import AudioClock, Moment
from producers.bounds import Bounds
from producers.framer import Framer
from producers.sender import Sender
from producers.status import ProducerStatus
from producers.stored_session import StoredSession
from shared.clock import Clock
from shared.errors import AudioNotSent, OutageBufferFull, ProducerClosed, SessionOver
from shared.metrics import Metric, Metrics
from shared.models import SAMPLE_BYTES, SessionEnded
from shared.streams import Stream


class Track:
    """Orders the writes, places them in audio time, and makes them wait while the queue is full (backpressure).

    To be made in the running loop, behind `stored.open`.
    """

    def __init__(
        self, stream: Stream, stored: StoredSession, bounds: Bounds, clock: Clock, metrics: Metrics, offset: int
    ) -> None:
        session = stored.session
        self._stored = stored
        self._bounds = bounds
        self._clock = clock
        self._metrics = metrics
        self._write_lock = asyncio.Lock()
        self._audio_clock = AudioClock(clock)
        self._framer = Framer(session, frame_ms=bounds.frame_ms, live=bounds.live, offset=offset)
        self._sender = Sender(stream, metrics, session.id, session.rate, self._audio_clock)
        # Whether anything was written, and whether a write has raised SessionOver.
        self._wrote = self._raised_over = False
        #: The store is being told of the session's beginning.
        self._beginning: asyncio.Task[None] | None = None
        stored.watch(lambda: self._sender.fail(stored.ended()))

    @property
    def offset(self) -> int:
        """The offset of the next sample."""
        return self._framer.offset

    @property
    def status(self) -> ProducerStatus:
        """How it stands; any thread may ask."""
        return self._sender.status(self._framer.buffered_s)

    async def write(self, pcm: bytes, captured_at: int | None) -> None:
        """Takes PCM whose last sample was captured at `captured_at` (epoch ms), None being now; may wait for room."""
        audio_clock = self._audio_clock
        written = audio_clock.now()
        captured = audio_clock.captured(written, captured_at)
        seconds = len(pcm) // SAMPLE_BYTES / self._stored.session.rate
        async with self._write_lock:
            try:
                self._sender.check()
                if pcm and not audio_clock.anchored:
                    await self._anchor(written, captured - seconds * 1000)
                await self._wait_for_room(seconds)
            except SessionOver as over:
                self._raised_over = True
                self._sender.fail(over)
                raise
            due = audio_clock.position(captured) if audio_clock.anchored else 0.0
            for frame in self._framer.cut(pcm, written.wall if captured_at is None else captured_at, due):
                self._sender.put(frame)
            self._wrote = self._wrote or bool(pcm)
            self._framer.delayed(audio_clock.now().loop - written.loop)

    async def close(self, *, end: bool, check_over: bool) -> None:
        """With `check_over` it asks the store first whether the session has ended."""
        stored = self._stored
        try:
            async with asyncio.timeout(self._bounds.timeout_s) as limit, self._write_lock:
                if check_over and not stored.over:
                    # Most of the time is the stream's: a store that is out makes no close fail.
                    await stored.refresh(self._bounds.timeout_s / 4)
                # What it might see from now on is this producer's own end.
                await stored.stop()
                if stored.over:
                    self._check_all_heard()
                else:
                    await self._send_rest(end=end)
        except TimeoutError:
            if not limit.expired():
                raise
            raise AudioNotSent(
                f"session {stored.session.id}: the stream did not take everything within "
                f"{self._bounds.timeout_s:g} s; {self._unsent(end=end)}"
            ) from None
        except asyncio.CancelledError as cancelled:
            cancelled.add_note(f"session {stored.session.id}: {self._unsent(end=end)}")
            raise
        finally:
            # Before anything that could be cancelled in its turn: no write waits behind this.
            self._fail_waiting_writes()
            await stored.stop()
            await self._sender.stop()

    async def _send_rest(self, *, end: bool) -> None:
        self._sender.check()
        for frame in self._framer.flush():
            self._sender.put(frame)
        if end:
            self._sender.put(SessionEnded(session=self._stored.session.id, captured_at=self._clock.now()))
        await self._sender.wait_for(lambda: self._sender.drained)

    def _unsent(self, *, end: bool) -> str:
        return f"{self.status.unsent_s:.1f} s of audio{' and the end of the session' if end else ''} were not sent"

    def _fail_waiting_writes(self) -> None:
        """Fails every write that waits: nothing is sent any more."""
        self._sender.fail(
            ProducerClosed(f"session {self._stored.session.id}: the producer was closed while this waited to be sent")
        )
        if self._beginning is not None:
            self._beginning.cancel()

    def _check_all_heard(self) -> None:
        """Raises SessionOver where the session's end came before that of the audio, and no write has said so."""
        session = self._stored.session
        written = self._framer.offset * 1000 // session.rate
        # What does not fill a frame was never sent.
        if self._wrote and not self._raised_over and written > session.heard + self._bounds.frame_ms:
            raise self._stored.ended()

    async def _anchor(self, written: Moment, began: float) -> None:
        """Gives the first write, which began at `began` (loop's time, ms), its place.

        Where the session begins with it, the store is told when that was.
        """
        position = self._framer.offset * 1000 / self._stored.session.rate
        # By the wall clock: when the session's first sample was captured, or would have been.
        started_at = max(1, round(written.wall + began - written.loop - position))
        if not self._stored.session.started_at:
            await self._begin(started_at)
        session = self._stored.session
        if session.started_at != started_at:
            settings = self._bounds.settings.tolerate(session.settings)
            position = max(position, self._audio_clock.by_wall_clock(session, written, began, settings))
        self._audio_clock.anchor(began, position)

    async def _begin(self, started_at: int) -> None:
        self._beginning = asyncio.create_task(self._stored.begin(started_at))
        try:
            await self._beginning
        except asyncio.CancelledError:
            writing = asyncio.current_task()
            if writing is None or not writing.cancelling():
                # Not this write was cancelled: `close` has run out of time.
                self._sender.check()
            raise
        finally:
            self._beginning = None

    async def _wait_for_room(self, seconds: float) -> None:
        """Backpressure: waits until the queue has room for so many seconds of audio; raises OutageBufferFull."""
        sender, limit, queue_s = self._sender, self._bounds.outage_buffer_s, self._bounds.queue_s
        if self._bounds.live:
            await sender.wait_for(lambda: sender.unsent_s <= queue_s or sender.refused_s is not None)
            refused = sender.refused_s is not None and sender.unsent_s + seconds > limit
        else:
            await sender.wait_for(lambda: sender.unsent_s <= queue_s or (sender.refused_s or 0) >= limit)
            refused = sender.unsent_s > queue_s
        if refused:
            self._framer.mark_discontinuity()
            session = self._stored.session.id
            self._metrics.count(Metric.AUDIO_REFUSED, seconds * 1000, session=session)
            refused_for = f"session {session}: the stream has refused records for {sender.refused_s or 0:.1f} s"
            raise OutageBufferFull(
                f"{refused_for}; {sender.unsent_s:.1f} s of audio wait for it, {seconds:.1f} s more are refused "
                f"(the outage buffer is {limit:g} s)"
                if self._bounds.live
                else f"{refused_for}, and no more is sent (OUTAGE_BUFFER is {limit:g} s)"
            )
