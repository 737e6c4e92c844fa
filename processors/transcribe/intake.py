"""What of a session's input a transcriber accepts, and how long it is held."""

from __future__ import annotations

import asyncio

from processors.contract import Context, Input
from processors.transcribe.timeline import Timeline
from shared.metrics import Metric
from shared.models import AudioFrame, SessionEnded
from shared.sessions import Session, SessionState

#: Seconds that missing frames are waited for.
_REORDER_WAIT = 0.3
#: Seconds between two writes of the newest frame's arrival to the session's item.
_TOUCH_EVERY = 30.0


class Intake:
    """Puts a session's frames on its timeline, and refuses, in one dead letter and then a count, what is none of it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._refused = False
        self._unsupported = ""
        self._failing = False
        self._gap_timer: asyncio.TimerHandle | None = None
        self._touched_at = 0
        self._heard_all = 0
        #: Set whenever the timeline grows or nothing more comes.
        self.changed = asyncio.Event()
        #: Whether the session has ended and everything was said.
        self.over = False
        #: Whether the shard has ended.
        self.closed = False
        self.session_end: Input | None = None

    def open(self, session: Session, overlap: float) -> None:
        """Begins with a session's item: audio up to `overlap` s behind what was heard of it is skipped."""
        self._session = session
        self.settings = self._context.settings.tolerate(session.settings)
        self.timeline = Timeline(session.rate)
        self._limit = round(self.settings.max_session_length * session.rate)
        self._skipped = max(0, round((session.heard / 1000 - overlap) * session.rate))
        self._touched_at = session.last_frame_at
        self.over = session.state is SessionState.ENDED
        self._heard_all = session.heard

    @property
    def session_ended(self) -> bool:
        """Whether the session's end has come."""
        return self.session_end is not None

    @property
    def complete(self) -> bool:
        """Whether no more audio comes."""
        return self.closed or self.session_ended

    async def take(self, received: Input) -> None:
        """Takes the next record of the session."""
        record = received.record
        if isinstance(record, SessionEnded):
            self._take_end(received)
        elif isinstance(record, AudioFrame):
            await self._take_frame(received, record)
        else:
            raise TypeError(f"expected AudioFrame or SessionEnded, got {type(record).__name__}")

    async def has_audio(self, position: int) -> bool:
        """Waits for audio behind sample `position`; False where there will be none."""
        while self.timeline.after(position) is None:
            if self.complete:
                return False
            self.changed.clear()
            await self.changed.wait()
        return True

    def close(self) -> None:
        """No more records come on this shard."""
        self.closed = True
        self._close_gaps()

    def finish(self, heard: int) -> None:
        """Everything up to `heard` (audio time, ms) is said; releases the session's end."""
        if self.session_end is not None:
            self._context.release(self.session_end)
            self.over = True
            self._heard_all = heard

    def refuse_all(self, reason: str) -> None:
        """Nothing of this session can be transcribed: refuses what is held and what comes."""
        self._unsupported = reason
        for chunk in self.timeline.drop_until(self.timeline.end):
            if chunk.source is not None:
                self._refuse(reason, chunk.source)

    def lose(self, reason: str, hold: float) -> int:
        """Dead-letters the audio that no recogniser has taken for `hold` s; returns the sample behind it."""
        now = asyncio.get_running_loop().time()
        self._failing = True
        for chunk in self.timeline.chunks:
            if chunk.failed_at is None:
                chunk.failed_at = now
        lost = [c for c in self.timeline.chunks if c.failed_at is not None and now - c.failed_at >= hold]
        if not lost:
            return 0
        start, end = self._milliseconds(lost[0].start), self._milliseconds(lost[-1].end)
        self._context.dead_letter(reason, start=start, end=end)
        self._context.metrics.count(Metric.AUDIO_LOST, end - start)
        for chunk in self.timeline.drop_until(lost[-1].end):
            if chunk.source is not None:
                self._context.release(chunk.source)
        return lost[-1].end

    def forgive(self, position: int) -> None:
        """A recogniser speaks again: what lies behind sample `position` has only waited its turn."""
        if self._failing:
            self._failing = False
            for chunk in self.timeline.chunks:
                if chunk.start >= position:
                    chunk.failed_at = None

    def _take_end(self, received: Input) -> None:
        if self.over or self.session_end is not None:
            self._context.release(received)
            return
        self.session_end = received
        self._close_gaps()

    async def _take_frame(self, received: Input, frame: AudioFrame) -> None:
        end = frame.offset + frame.samples
        if self._unsupported:
            self._refuse(self._unsupported, received)
        elif frame.rate != self._session.rate:
            self._refuse(f"expected audio at {self._session.rate} Hz, got {frame.rate} Hz", received)
        elif end > self._limit:
            self._refuse(f"expected offsets up to {self._limit}, got a frame up to {end}", received)
        elif end <= self._skipped or (self.over and self._milliseconds(end) <= self._heard_all):
            self._replayed(received)
        elif self.over or self.session_ended:
            self._refuse("expected no audio: the session has ended", received)
        elif not self.timeline.add(received, frame):
            self._replayed(received)
        else:
            if self._failing and self.timeline.chunks[-1].source is received:
                self.timeline.chunks[-1].failed_at = asyncio.get_running_loop().time()
            self.changed.set()
            self._count_filled()
            if self.timeline.waiting and self._gap_timer is None:
                self._gap_timer = asyncio.get_running_loop().call_later(_REORDER_WAIT, self._close_gaps)
            await self._touch(received)

    async def _touch(self, received: Input) -> None:
        if received.arrived_at - self._touched_at >= _TOUCH_EVERY * 1000:
            self._touched_at = received.arrived_at
            await self._context.store.touch(self._session.id, received.arrived_at)

    def _close_gaps(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
            self._gap_timer = None
        self.timeline.give_up_gaps()
        self._count_filled()
        self.changed.set()

    def _count_filled(self) -> None:
        if self.timeline.filled:
            self._context.metrics.count(Metric.GAPS_FILLED, self._milliseconds(self.timeline.filled))
            self.timeline.filled = 0

    def _replayed(self, received: Input) -> None:
        self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="transcribe")
        self._context.release(received)

    def _refuse(self, reason: str, received: Input) -> None:
        if not self._refused:
            self._refused = True
            self._context.dead_letter(reason, received)
        self._context.metrics.count(Metric.REFUSED_FRAMES)
        self._context.release(received)

    def _milliseconds(self, samples: int) -> int:
        return samples * 1000 // self._session.rate
