"""Which of a session's input a transcriber accepts, and how long it is held."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from processors.contract import Closing, Context, Input
from processors.transcribe.end_proposals import EndProposals
from processors.transcribe.placement import Placement, PlacementEvents
from processors.transcribe.timeline import Timeline
from shared.metrics import Metric
from shared.models import SAMPLE_BYTES, AudioFrame, SessionEnded
from shared.sessions import Session, SessionState

#: Seconds that missing frames are waited for.
_REORDER_WAIT = 0.3
#: Seconds between two writes of the newest frame's arrival to the session's item.
_TOUCH_INTERVAL = 10.0
#: Seconds of feeding a backlog without such a write after which the item is changed by as little as it can be.
_BACKLOG_TOUCH_INTERVAL = 15.0


class Intake(PlacementEvents):
    """Puts a session's frames on its timeline, and refuses, in one dead letter and then a count, what is none of it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._refused = False
        self._unsupported = ""
        self._failing = False
        self._gap_timer: asyncio.TimerHandle | None = None
        self._touched_at = 0
        #: Loop time (s) of the last write of that.
        self._written_at = 0.0
        self._touching = False
        self._heard_until = 0
        self._session_end: Input | None = None
        #: Set whenever the timeline grows or nothing more comes.
        self.changed = asyncio.Event()
        #: Whether the session has ended and everything of it was transcribed.
        self.finished = False
        #: Whether the shard has ended.
        self.closed = False
        #: How the session ends; None while it does not.
        self.ending: SessionEnded | None = None
        #: Whether another worker has the session: this one only buffers its input.
        self.on_standby = False

    def open(self, session: Session, overlap: float) -> None:
        """Begins with a session's item: audio up to `overlap` s behind what was heard of it is skipped."""
        self._session = session
        self.settings = self._context.settings.tolerate(session.settings)
        self.timeline = Timeline(session.rate)
        self._limit = round(self.settings.max_session_length * session.rate)
        self._skipped = max(0, round((session.heard / 1000 - overlap) * session.rate))
        self._placement = Placement(session, self.timeline, self._skipped, self._limit, self)
        self._proposals = EndProposals(self._context, self.settings, self._on_end_confirmed)
        self.on_item_read(session)
        if session.state is SessionState.ENDED:
            self._finish(session.heard)

    def on_item_read(self, session: Session) -> None:
        """The session's item was read."""
        self._touched_at = max(self._touched_at, session.last_frame_at)
        self._written_at = asyncio.get_running_loop().time()

    def on_fed(self) -> None:
        """Audio was fed. While it feeds a backlog too, a standby is to see that this worker is alive."""
        if self._may_touch and asyncio.get_running_loop().time() - self._written_at >= _BACKLOG_TOUCH_INTERVAL:
            self._start_touch(self._touched_at + 1)

    @property
    def session_ended(self) -> bool:
        """Whether the session's end has come."""
        return self.ending is not None

    @property
    def complete(self) -> bool:
        """Whether no more audio comes."""
        return self.closed or self.session_ended

    async def process(self, received: Input) -> None:
        """Accepts the next record of the session, or refuses it."""
        record = received.record
        if isinstance(record, AudioFrame):
            self._on_frame(received, record)
        elif not isinstance(record, SessionEnded):
            raise TypeError(f"expected AudioFrame or SessionEnded, got {type(record).__name__}")
        elif self.finished or self.session_ended or (record.proposal and self.on_standby):
            self._context.ack(received)
        elif record.proposal:
            await self._proposals.consider(received)
        else:
            self._on_end(received)

    async def has_audio(self, position: int) -> bool:
        """Waits for audio behind sample `position`; False where there will be none."""
        while self.timeline.after(position) is None:
            if self.complete:
                return False
            self.changed.clear()
            await self.changed.wait()
        return True

    def close(self, closing: Closing) -> None:
        """No more records come on this shard, or to this operator."""
        self.closed = True
        if closing is Closing.SHARD_END and not self.on_standby:
            self._proposals.reject()
            self._placement.resolve()
        self._placement.close()
        self._close_gaps()

    def finish(self, heard: int) -> None:
        """Everything up to `heard` (audio time, ms) is transcribed; acks the session's end."""
        if self.session_ended:
            self._finish(heard)

    def ended_elsewhere(self, heard: int) -> None:
        """Another worker has ended the session, which it heard up to `heard` (ms): all that is held was transcribed."""
        self._placement.resolve()
        self.timeline.skip_gaps()
        for chunk in self.timeline.drop_until(self.timeline.end):
            if chunk.source is not None:
                self.drop_replay(chunk.source)
        self._finish(heard)

    def refuse_all(self, reason: str) -> None:
        """Nothing of this session can be transcribed: refuses what is held and what comes."""
        self._unsupported = reason
        for chunk in self.timeline.drop_until(self.timeline.end):
            if chunk.source is not None:
                self.refuse(reason, chunk.source)

    def overdue_until(self, hold: float) -> int:
        """The sample behind the audio that no recogniser has accepted for `hold` s; 0 where there is none."""
        now = asyncio.get_running_loop().time()
        self._failing = True
        end = 0
        for chunk in self.timeline.chunks:
            if chunk.failed_at is None:
                chunk.failed_at = now
            if now - chunk.failed_at >= hold:
                end = chunk.end
        return end

    def dead_letter_until(self, reason: str, end: int) -> None:
        """Gives up the audio up to sample `end`, in one dead letter."""
        start = self.timeline.chunks[0].start
        span = self.timeline.milliseconds(start), self.timeline.milliseconds(end)
        self._context.dead_letter(reason, start=span[0], end=span[1])
        self._context.metrics.count(Metric.AUDIO_LOST, span[1] - span[0])
        for chunk in self.timeline.drop_until(end):
            if chunk.source is not None:
                self._context.ack(chunk.source)

    def on_recovered(self, position: int) -> None:
        """A recogniser gives results again: what lies behind sample `position` has only waited its turn."""
        if self._failing:
            self._failing = False
            for chunk in self.timeline.chunks:
                if chunk.start >= position:
                    chunk.failed_at = None

    def accept(self, received: Input, frame: AudioFrame) -> None:
        """What lies beyond the longest session ends it."""
        end = frame.offset + frame.samples
        if self.session_ended:
            self.refuse("the session has ended; expected no audio behind its end", received)
        elif end > self._limit:
            self._end_as_too_long(received, frame)
        elif self.timeline.add(received, frame):
            self._added(received)
        else:
            self.drop_replay(received)

    def drop_replay(self, received: Input) -> None:
        self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="transcribe")
        self._context.ack(received)

    def refuse(self, reason: str, received: Input) -> None:
        """One dead letter, and then a count."""
        self.report_once(reason, received)
        self._context.metrics.count(Metric.REFUSED_FRAMES)
        self._context.ack(received)

    def report_once(self, reason: str, received: Input) -> None:
        if not self._refused:
            self._refused = True
            self._context.dead_letter(reason, received)

    def _on_end(self, received: Input) -> None:
        self._proposals.reject()
        self._placement.resolve()
        if self.session_ended:
            # What was held back has ended it.
            self._context.ack(received)
        else:
            self._on_end_confirmed(received)

    def _on_end_confirmed(self, received: Input) -> None:
        record = received.record
        assert isinstance(record, SessionEnded)
        self._end(record, received)

    def _end(self, ending: SessionEnded, received: Input | None) -> None:
        self.ending = ending
        self._session_end = received
        self._close_gaps()

    def _end_as_too_long(self, received: Input, frame: AudioFrame) -> None:
        """Accepts what of the frame the session has room for, and ends it."""
        reason = f"expected offsets up to {self._limit}, got a frame up to {frame.offset + frame.samples}"
        fits = max(0, self._limit - frame.offset) * SAMPLE_BYTES
        if fits and self.timeline.add(received, replace(frame, payload=frame.payload[:fits])):
            self._added(received)
        else:
            self.refuse(reason, received)
        ending = SessionEnded(
            session=self._session.id, captured_at=frame.captured_at, hops=frame.hops, reason="too long"
        )
        self._end(ending, None)

    def _finish(self, heard: int) -> None:
        if self._session_end is not None:
            self._context.ack(self._session_end)
            self._session_end = None
        self.finished = True
        self._heard_until = heard
        self.changed.set()

    def _on_frame(self, received: Input, frame: AudioFrame) -> None:
        end = self._placement.position(frame)
        self._proposals.on_frame(received.arrived_at)
        if self._unsupported:
            self.refuse(self._unsupported, received)
        elif frame.rate != self._session.rate:
            self.refuse(f"expected audio at {self._session.rate} Hz, got {frame.rate} Hz", received)
        elif (0 < end <= self._skipped and not self._placement.is_new(received)) or (
            self.finished and self.timeline.milliseconds(end) <= self._heard_until
        ):
            self.drop_replay(received)
        elif self.finished or self.session_ended:
            self.refuse("the session has ended; expected no audio behind its end", received)
        else:
            self._placement.place(received, frame)

    def _added(self, received: Input) -> None:
        if self._failing and self.timeline.chunks[-1].source is received:
            self.timeline.chunks[-1].failed_at = asyncio.get_running_loop().time()
        self.changed.set()
        self._count_filled()
        if self.timeline.waiting and self._gap_timer is None:
            self._gap_timer = asyncio.get_running_loop().call_later(_REORDER_WAIT, self._close_gaps)
        if received.arrived_at - self._touched_at >= _TOUCH_INTERVAL * 1000 and self._may_touch:
            self._start_touch(received.arrived_at)

    @property
    def _may_touch(self) -> bool:
        return not (self._touching or self.on_standby or self.closed)

    def _start_touch(self, arrived_at: int) -> None:
        self._touching = True
        self._context.spawn(self._touch(arrived_at))

    async def _touch(self, arrived_at: int) -> None:
        """Writes to the item that audio comes; no frame waits for that."""
        await self._context.store.touch(self._session.id, arrived_at)
        self._touched_at = arrived_at
        self._written_at = asyncio.get_running_loop().time()
        self._touching = False

    def _close_gaps(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
            self._gap_timer = None
        self.timeline.skip_gaps()
        self._count_filled()
        self.changed.set()

    def _count_filled(self) -> None:
        if self.timeline.filled:
            self._context.metrics.count(Metric.GAPS_FILLED, self.timeline.milliseconds(self.timeline.filled))
            self.timeline.filled = 0
