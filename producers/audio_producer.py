"""The client's end of the pipeline: one speaker's audio onto the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from types import TracebackType
from typing import Self

from producers.framer import Framer
from producers.sender import Sender
from producers.stored_session import StoredSession
from producers.time_line import Moment, TimeLine
from shared.clock import Clock, SystemClock
from shared.errors import AudioNotSent, LowLatencyTranslateError, OutageBufferFull, SessionOver
from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.models import SAMPLE_BYTES, SessionEnded
from shared.sessions import Session, SessionStore
from shared.settings import Settings
from shared.streams import Stream


class AudioProducer:
    """Publishes the audio of one session: `async with AudioProducer(stream, store, session) as producer: ...`.

    A session that exists already is continued; one that nobody has spoken on begins with the first write. Live audio
    (`live`, the default) stands where the clock puts it, so that a client that restarts, or whose microphone was
    muted, leaves a gap and shifts nothing: the wall clock is read once, and then time is counted, so that nobody who
    sets it moves audio. Audio that can wait (`live=False`: files) is consecutive from `offset` on.

    `frame_ms` is the length of a frame (10-1000). `queue_s` is how much audio may wait for a stream that takes
    records. `outage_buffer_s` bounds what an outage costs, by default the setting OUTAGE_BUFFER: live, it is the
    audio kept while the stream refuses records; else, how long `write` waits for the stream. `patience_s` is how
    long `open` and the first write wait for the session store, and `close` for the stream.

    Where the session has ended, `write` raises SessionOver within 10 s, and nothing more is sent.
    """

    def __init__(
        self,
        stream: Stream,
        store: SessionStore,
        session: Session,
        *,
        live: bool = True,
        offset: int = 0,
        frame_ms: int = 100,
        queue_s: float = 2.0,
        outage_buffer_s: float | None = None,
        patience_s: float = 10.0,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        if not 10 <= frame_ms <= 1000:
            raise ValueError(f"expected frame_ms to be 10-1000, got {frame_ms}")
        if offset < 0:
            raise ValueError(f"expected an offset of 0 or more, got {offset}")
        self._stream = stream
        self._stored = StoredSession(store, session, patience_s)
        self._live = live
        self._first_offset = offset
        self._frame_ms = frame_ms
        self._queue_s = queue_s
        self._settings = Settings.load().override(session.settings)
        self._outage_buffer_s = self._settings.outage_buffer if outage_buffer_s is None else outage_buffer_s
        self._patience_s = patience_s
        self._clock = clock or SystemClock()
        self._metrics = metrics or MemoryMetrics()
        self._turn = asyncio.Lock()
        self._parts: tuple[Framer, Sender, TimeLine] | None = None
        # Whether anything was written, and whether a write has said that the session has ended.
        self._wrote = self._told = False

    @property
    def session(self) -> Session:
        """The session; once open, as the store has it."""
        return self._stored.session

    @property
    def offset(self) -> int:
        """The offset of the next sample: samples since the session began."""
        return self._opened[0].offset

    async def open(self) -> Self:
        """Creates the session, or continues the one of this id.

        Raises SessionOver where that one has ended, SessionMismatch where its rate or source language differs, and
        StoreUnavailable where the store answers nothing else for `patience_s`.
        """
        offset = self._first_offset
        if await self._stored.open() and self._live:
            # What transcribe has heard was sent, whatever this machine's clock says.
            offset = max(offset, self.session.heard * self.session.rate // 1000)
        sender = Sender(self._stream, self._metrics, self.session.id, self.session.rate)
        framer = Framer(self.session, frame_ms=self._frame_ms, live=self._live, offset=offset)
        self._parts = framer, sender, TimeLine(self._clock)
        self._wrote = self._told = False
        self._stored.watch(lambda: sender.fail(self._stored.ended()))
        return self

    async def write(self, pcm: bytes, *, captured_at: int | None = None) -> None:
        """Takes any number of bytes of mono PCM s16le at the session's rate; half a sample waits for the next write.

        `captured_at` is the epoch ms at which the last of them was captured, by default now; live audio is placed by
        its age. Waits while more than `queue_s` of audio is unsent. Raises OutageBufferFull in an outage that outlasts
        `outage_buffer_s`: nothing of this write is kept then, everything taken before is still sent once the stream is
        back, and live audio that follows stands behind a gap. Raises SessionOver where the session has ended, and
        StoreUnavailable where the store does not take its beginning: nothing of this write is kept then either.
        """
        _, _, line = self._opened
        written = line.now()
        captured = line.captured(written, captured_at)
        seconds = len(pcm) // SAMPLE_BYTES / self.session.rate
        async with self._turn:
            framer, sender, line = self._opened
            try:
                if pcm and not line.anchored:
                    await self._anchor(line, written, captured - seconds * 1000)
                await self._admit(sender, framer, seconds)
            except SessionOver as over:
                self._told = True
                sender.fail(over)
                raise
            due = line.position(captured) if line.anchored else 0.0
            for frame in framer.cut(pcm, written.wall if captured_at is None else captured_at, due):
                sender.put(frame)
            self._wrote = self._wrote or bool(pcm)
            framer.held(line.now().loop - written.loop)

    async def stream(self, source: AsyncIterable[bytes]) -> None:
        """Writes everything that the source yields."""
        async for pcm in source:
            await self.write(pcm)

    async def close(self, *, end: bool = True) -> None:
        """Sends what is left and, unless `end` is False (this client will come back), the session's end.

        Half a sample at the very end is dropped. Raises AudioNotSent where the stream has not taken everything
        within `patience_s`; what it says was not sent is lost. Raises SessionOver where the session had ended before
        all that was written was heard, unless `write` has said so. Closing twice does nothing.
        """
        await self._close(end=end, look=True)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes; where the block raised, the session goes on, since a client that failed may come back."""
        if error is None:
            await self.close()
            return
        try:
            await self._close(end=False, look=False)
        except LowLatencyTranslateError as unsent:
            error.add_note(str(unsent))

    @property
    def _opened(self) -> tuple[Framer, Sender, TimeLine]:
        if self._parts is None:
            raise RuntimeError("expected an open producer, got one that is not open yet or closed already")
        return self._parts

    async def _close(self, *, end: bool, look: bool) -> None:
        if self._parts is None:
            return
        framer, sender, _ = self._parts
        try:
            async with asyncio.timeout(self._patience_s), self._turn:
                self._parts = None
                if look and not self._stored.over:
                    # Most of the patience is the stream's: a store that is out makes no close fail.
                    await self._stored.look(self._patience_s / 4)
                if self._stored.over:
                    self._tell_unheard(framer)
                    return
                # What it might see from now on is this producer's own end.
                await self._stored.stop()
                for frame in framer.flush():
                    sender.put(frame)
                if end:
                    sender.put(SessionEnded(session=self.session.id, captured_at=self._clock.now()))
                await sender.until(lambda: sender.done)
        except TimeoutError:
            raise AudioNotSent(
                f"session {self.session.id}: the stream did not take everything within {self._patience_s:g} s; "
                f"{sender.unsent_s:.1f} s of audio{' and the end of the session' if end else ''} were not sent"
            ) from None
        finally:
            self._parts = None
            await self._stored.stop()
            await sender.stop()

    def _tell_unheard(self, framer: Framer) -> None:
        """Raises SessionOver where the session's end came before that of the audio, and no write has said so."""
        written = framer.offset * 1000 // self.session.rate
        # What does not fill a frame was never sent.
        if self._wrote and not self._told and written > self.session.heard + self._frame_ms:
            raise self._stored.ended()

    async def _anchor(self, line: TimeLine, written: Moment, began: float) -> None:
        """Gives the first write, which began at `began` (loop's time, ms), its place.

        Where the session begins with it, the store is told when that was.
        """
        framer, _, _ = self._opened
        position = framer.offset * 1000 / self.session.rate
        # By the wall clock: when the session's first sample was captured, or would have been.
        started_at = max(1, round(written.wall + began - written.loop - position))
        if not self.session.started_at:
            await self._stored.begin(started_at)
        if self.session.started_at != started_at:
            settings = self._settings.tolerate(self.session.settings)
            position = max(position, line.by_wall_clock(self.session, written, began, settings))
        line.anchor(began, position)

    async def _admit(self, sender: Sender, framer: Framer, seconds: float) -> None:
        """Waits until there is room for so many seconds of audio, or raises OutageBufferFull."""
        limit = self._outage_buffer_s
        if self._live:
            await sender.until(lambda: sender.unsent_s <= self._queue_s or sender.refused_s is not None)
            refused = sender.refused_s is not None and sender.unsent_s + seconds > limit
        else:
            await sender.until(lambda: sender.unsent_s <= self._queue_s or (sender.refused_s or 0) >= limit)
            refused = sender.unsent_s > self._queue_s
        if refused:
            framer.lost()
            self._metrics.count(Metric.AUDIO_REFUSED, seconds * 1000, session=self.session.id)
            refused_for = f"session {self.session.id}: the stream has refused records for {sender.refused_s or 0:.1f} s"
            raise OutageBufferFull(
                f"{refused_for}; {sender.unsent_s:.1f} s of audio wait for it, {seconds:.1f} s more are refused "
                f"(the outage buffer is {limit:g} s)"
                if self._live
                else f"{refused_for}, and no more is sent (OUTAGE_BUFFER is {limit:g} s)"
            )
