"""The client's end of the pipeline: one speaker's audio onto the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from dataclasses import replace
from enum import Enum
from types import TracebackType
from typing import Self

from producers.bounds import Bounds
from producers.status import ProducerStatus
from producers.stored_session import StoredSession
from producers.track import Track
from shared.clock import Clock, SystemClock
from shared.errors import LowLatencyTranslateError, ProducerClosed, WrongEventLoop
from shared.loop_affinity import LoopAffinity
from shared.metrics import MemoryMetrics, Metrics
from shared.sessions import Session, SessionStore
from shared.streams import Stream


class _State(Enum):
    """Where a producer is in its life; its values complete a sentence."""

    NEW = "not open yet"
    OPENING = "being opened"
    OPEN = "open"
    CLOSING = "being closed"
    CLOSED = "closed already"


class AudioProducer:
    """Publishes the audio of one session: `async with AudioProducer(stream, store, session) as producer: ...`.

    A session that exists already is continued; one that nobody has spoken on begins with the first write. Live audio
    (`live`, the default) stands where the clock puts it, so that a client that restarts, or whose microphone was
    muted, leaves a gap and shifts nothing: the wall clock is read once, and then time is counted, so that nobody who
    sets it moves audio. Audio that can wait (`live=False`: files) is consecutive from `offset` on, also where the
    producer is closed and opened again.

    `frame_ms` is the length of a frame (10-1000). `queue_s` is how much audio may wait for a stream that takes
    records. `outage_buffer_s` bounds what an outage costs, by default the setting OUTAGE_BUFFER, the only one that a
    producer may refuse (SettingError): live, it is the audio kept while the stream refuses records; else, how long
    `write` waits for the stream. `timeout_s` is how long `open` and the first write wait for the session store, and
    `close` for the stream.

    Where the session has ended, `write` raises SessionOver within 10 s, and nothing more is sent. `status` says
    whether the stream takes what is sent. It is opened, written to and closed on one event loop: its methods raise
    WrongEventLoop on another one, and ForkedProcess in a child process.
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
        timeout_s: float = 10.0,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        if offset < 0:
            raise ValueError(f"expected an offset of 0 or more, got {offset}")
        self._stream = stream
        self._stored = StoredSession(store, session, timeout_s)
        self._first_offset = offset
        self._bounds = Bounds.of(
            session,
            live=live,
            frame_ms=frame_ms,
            queue_s=queue_s,
            outage_buffer_s=outage_buffer_s,
            timeout_s=timeout_s,
        )
        self._clock = clock or SystemClock()
        self._metrics = metrics or MemoryMetrics()
        self._state = _State.NEW
        self._affinity = LoopAffinity("")
        #: What it has opened; None before it did.
        self._track: Track | None = None
        #: Set once `close` has come to its end.
        self._closed = asyncio.Event()

    @property
    def session(self) -> Session:
        """The session; once open, as the store has it."""
        return self._stored.session

    @property
    def offset(self) -> int:
        """The offset of the next sample: samples since the session began."""
        return self._opened.offset

    @property
    def status(self) -> ProducerStatus:
        """Whether the stream takes what is sent, and how much is not sent yet; any thread may ask."""
        if self._track is None:
            return ProducerStatus(connected=False, refused_since=None, unsent_s=0.0, refusal=self._not_open)
        status = self._track.status
        if self._affinity.is_forked:
            return replace(
                status, connected=False, refused_since=None, refusal="it is open in the parent process alone"
            )
        if self._state is _State.CLOSED and not status.unsent_s:
            return replace(status, connected=False, refused_since=None, refusal=self._not_open)
        return status

    async def open(self) -> Self:
        """Creates the session, or continues the one of this id.

        Raises SessionOver where that one has ended, SessionMismatch where its rate or source language differs, and
        StoreUnavailable where the store answers nothing else for `timeout_s`.
        """
        if self._state not in (_State.NEW, _State.CLOSED):
            raise RuntimeError(
                f"{self._name}: expected a producer that is not open, got one that is {self._state.value}"
            )
        before, self._state = self._state, _State.OPENING
        try:
            # Opened again, it goes on behind what it has placed already.
            offset = self._first_offset if self._track is None else self._track.offset
            if await self._stored.open() and self._bounds.live:
                # What transcribe has heard was sent, whatever this machine's clock says.
                offset = max(offset, self.session.heard * self.session.rate // 1000)
        except BaseException:
            self._state = before
            raise
        self._affinity = LoopAffinity("open, write to and close a producer on one event loop")
        self._affinity.bind(self._name)
        self._track = Track(self._stream, self._stored, self._bounds, self._clock, self._metrics, offset)
        self._closed = asyncio.Event()
        self._state = _State.OPEN
        return self

    async def write(self, pcm: bytes, *, captured_at: int | None = None) -> None:
        """Takes any number of bytes of mono PCM s16le at the session's rate; half a sample waits for the next write.

        `captured_at` is the epoch ms at which the last of them was captured, by default now; live audio is placed by
        its age. Waits while more than `queue_s` of audio is unsent. Raises OutageBufferFull in an outage that outlasts
        `outage_buffer_s`: nothing of this write is kept then, everything taken before is still sent once the stream is
        back, and live audio that follows stands behind a gap. Raises SessionOver where the session has ended,
        StoreUnavailable where the store does not take its beginning, and ProducerClosed where `close` was called,
        also while this waits: nothing of this write is kept then either.
        """
        track = self._opened
        self._affinity.check(self._name)
        await track.write(pcm, captured_at)

    async def stream(self, source: AsyncIterable[bytes]) -> None:
        """Writes everything that the source yields."""
        async for pcm in source:
            await self.write(pcm)

    async def close(self, *, end: bool = True) -> None:
        """Sends what is left and, unless `end` is False (this client will come back), the session's end.

        Half a sample at the very end is dropped. Writes that wait come first, and later ones raise ProducerClosed.
        Raises AudioNotSent where the stream has not taken everything within `timeout_s`; what it says was not sent
        is lost, and every write that still waits raises ProducerClosed. Where it is cancelled, all that is lost too,
        and a note at the error says how much. Raises SessionOver where the session had ended before all that was
        written was heard, unless `write` has said so. Closing twice does nothing, but waits for a close under way.
        """
        await self._close(end=end, check_over=True)

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
            await self._close(end=False, check_over=False)
        except LowLatencyTranslateError as unsent:
            error.add_note(str(unsent))

    @property
    def _name(self) -> str:
        return f"session {self.session.id}"

    @property
    def _not_open(self) -> str:
        return f"the producer is {self._state.value}"

    @property
    def _opened(self) -> Track:
        if self._track is None or self._state is not _State.OPEN:
            raise ProducerClosed(f"{self._name}: expected an open producer, got one that is {self._state.value}")
        return self._track

    async def _close(self, *, end: bool, check_over: bool) -> None:
        if self._track is None or self._state not in (_State.OPEN, _State.CLOSING):
            return
        try:
            self._affinity.check(self._name)
        except WrongEventLoop as error:
            if not self._affinity.is_closed:
                raise
            self._state = _State.CLOSED
            raise WrongEventLoop(f"{error}; {self._track.status.unsent_s:.1f} s of audio were not sent") from None
        if self._state is _State.CLOSING:
            await self._closed.wait()
            return
        self._state = _State.CLOSING
        try:
            await self._track.close(end=end, check_over=check_over)
        finally:
            self._state = _State.CLOSED
            self._closed.set()
