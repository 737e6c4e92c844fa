"""The client's end of the pipeline: one speaker's audio onto the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from types import TracebackType
from typing import Self

from producers.framer import Framer
from producers.sender import Sender
from shared.backoff import delays
from shared.clock import Clock, SystemClock
from shared.errors import (
    AudioNotSent,
    LowLatencyTranslateError,
    OutageBufferFull,
    SessionExists,
    SessionMismatch,
    SessionOver,
    StoreUnavailable,
)
from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.models import SAMPLE_BYTES, SessionEnded
from shared.sessions import Session, SessionState, SessionStore
from shared.settings import Settings
from shared.streams import Stream


class AudioProducer:
    """Publishes the audio of one session: `async with AudioProducer(stream, store, session) as producer: ...`.

    A session that exists already is continued. Live audio (`live`, the default) stands where the clock puts it, so
    that a client that restarts, or whose microphone was muted, leaves a gap and shifts nothing. Audio that can wait
    (`live=False`: files) is consecutive from `offset` on.

    `frame_ms` is the length of a frame (10-1000). `queue_s` is how much audio may wait for a stream that takes
    records. `outage_buffer_s` bounds what an outage costs, by default the setting OUTAGE_BUFFER: live, it is the
    audio kept while the stream refuses records; else, how long `write` waits for the stream. `patience_s` is how
    long `open` waits for the session store and `close` for the stream.
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
        #: The session; once open, as the store has it.
        self.session = session
        self._stream = stream
        self._store = store
        self._live = live
        self._first_offset = offset
        self._frame_ms = frame_ms
        self._queue_s = queue_s
        if outage_buffer_s is None:
            outage_buffer_s = Settings.load().override(session.settings).outage_buffer
        self._outage_buffer_s = outage_buffer_s
        self._patience_s = patience_s
        self._clock = clock or SystemClock()
        self._metrics = metrics or MemoryMetrics()
        self._turn = asyncio.Lock()
        self._parts: tuple[Framer, Sender] | None = None

    @property
    def offset(self) -> int:
        """The offset of the next sample: samples since the session began."""
        return self._opened[0].offset

    async def open(self) -> Self:
        """Creates the session, or continues the one of this id.

        Raises SessionOver where that one has ended, SessionMismatch where its rate or source language differs, and
        StoreUnavailable where the store answers nothing else for `patience_s`.
        """
        offset = await self._create_or_continue()
        self._parts = (
            Framer(self.session, frame_ms=self._frame_ms, live=self._live, offset=offset),
            Sender(self._stream, self._metrics, self.session.id, self.session.rate),
        )
        return self

    async def write(self, pcm: bytes, *, captured_at: int | None = None) -> None:
        """Takes any number of bytes of mono PCM s16le at the session's rate; half a sample waits for the next write.

        `captured_at` is the epoch ms at which the last of them was captured, by default now. Waits while more than
        `queue_s` of audio is unsent. Raises OutageBufferFull in an outage that outlasts `outage_buffer_s`: nothing
        of this write is kept then, everything taken before is still sent once the stream is back, and live audio
        that follows stands behind a gap.
        """
        began = self._clock.now()
        async with self._turn:
            framer, sender = self._opened
            await self._admit(sender, framer, len(pcm) / SAMPLE_BYTES / self.session.rate)
            for frame in framer.cut(pcm, began if captured_at is None else captured_at):
                sender.put(frame)
            framer.held(self._clock.now() - began)

    async def stream(self, source: AsyncIterable[bytes]) -> None:
        """Writes everything that the source yields."""
        async for pcm in source:
            await self.write(pcm)

    async def close(self, *, end: bool = True) -> None:
        """Sends what is left and, unless `end` is False (this client will come back), the session's end.

        Half a sample at the very end is dropped. Raises AudioNotSent where the stream has not taken everything
        within `patience_s`; what it says was not sent is lost. Closing twice does nothing.
        """
        if self._parts is None:
            return
        framer, sender = self._parts
        try:
            async with asyncio.timeout(self._patience_s), self._turn:
                self._parts = None
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
            await sender.stop()

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
            await self.close(end=False)
        except LowLatencyTranslateError as unsent:
            error.add_note(str(unsent))

    @property
    def _opened(self) -> tuple[Framer, Sender]:
        if self._parts is None:
            raise RuntimeError("expected an open producer, got one that is not open yet or closed already")
        return self._parts

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

    async def _create_or_continue(self) -> int:
        """Puts the session in the store, or takes it from there; returns the offset of the first sample."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        waits = delays()
        while True:
            try:
                try:
                    await self._store.create(self.session)
                    return self._first_offset
                except SessionExists:
                    return self._continue(await self._store.load(self.session.id))
            except StoreUnavailable:
                wait = next(waits)
                if loop.time() + wait > deadline:
                    raise
                await asyncio.sleep(wait)

    def _continue(self, stored: Session) -> int:
        """Takes over the stored session; returns the offset of the first sample."""
        if stored.state is SessionState.ENDED:
            raise SessionOver(
                f"session {stored.id}: expected an open session, got one that has ended; choose another id"
            )
        expected = (stored.rate, stored.source_language)
        if (self.session.rate, self.session.source_language) != expected:
            raise SessionMismatch(
                f"session {stored.id}: expected audio at {stored.rate} Hz in {stored.source_language!r} as it began, "
                f"got {self.session.rate} Hz in {self.session.source_language!r}"
            )
        self.session = stored
        # What transcribe has heard was sent, whatever this machine's clock says.
        return max(self._first_offset, stored.heard * stored.rate // 1000) if self._live else self._first_offset
