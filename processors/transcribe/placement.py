"""Where a session's frames belong: one behind a jump of its offsets is held back until others confirm it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Protocol

from processors.contract import Input
from processors.transcribe.timeline import LONGEST_FILL, Timeline
from shared.models import AudioFrame
from shared.sessions import Session

#: Seconds of audio behind a frame that jumped ahead that confirm it, and of a run that lies behind.
_CONFIRMING_AUDIO = 1.0
_CONFIRMING_RUN = 2.0
#: Seconds that are waited for either.
_AHEAD_WAIT = 2.0
_BEHIND_WAIT = 4.0
#: Seconds between two frames of one run, at most.
_CONSECUTIVE = 0.5
#: How long (ms) a run that was heard before must take to arrive to be a speaker's: half of what it lasts.
_LIVE_RUN = 1000
#: How late (ms) the arrival of the newest frame may be written to the item.
_WRITE_DELAY = 15_000
#: Seconds by which audio may run ahead of the clock of its arrival.
_CLOCK_TOLERANCE = 120.0
#: Seconds by which audio placed as an earlier clock had it may overlap what there is.
_OVERLAP = 1.0
#: Clocks of the client that are remembered.
_SHIFTS_KEPT = 8


class PlacementEvents(Protocol):
    """Who is told what becomes of each frame."""

    def accept(self, received: Input, frame: AudioFrame) -> None:
        """It is the session's next audio, at the offset that the frame now has."""

    def drop_replay(self, received: Input) -> None:
        """Its audio was here before."""

    def refuse(self, reason: str, received: Input) -> None:
        """It is none of the session's audio."""

    def report_once(self, reason: str, received: Input) -> None:
        """Its client's clock is not believed."""


class _Discontinuity(Enum):
    """Why frames are held back."""

    NONE = "none are"
    AHEAD = "they begin too far ahead to be the next"
    BEHIND = "they lie in a gap that was skipped"
    REPEATED = "they lie where audio was heard, and came behind it"


class Placement:
    """Places frames on the timeline, by a client's clock that may step.

    A jump ahead is a gap where later frames confirm it, or nothing refutes it. An implausible one, and a run that lies
    behind, tell of a client's clock that has stepped: from there on offsets are shifted, so that audio time goes on.
    One frame that jumps beyond `limit` ends nothing. Offsets and positions are samples.
    """

    def __init__(self, session: Session, timeline: Timeline, skipped: int, limit: int, events: PlacementEvents) -> None:
        self._timeline = timeline
        self._rate = session.rate
        self._skipped = skipped
        self._limit = limit
        self._events = events
        #: Where an earlier worker's audio may have ended; None where nobody has heard any.
        self._heard_end = session.heard * session.rate // 1000 if session.take else None
        #: The least that a frame's arrival was behind its end (ms): the epoch of audio time.
        self._origin = _known_origin(session)
        self._newest_at = session.last_frame_at
        self._shift = 0
        self._earlier_shifts: deque[int] = deque(maxlen=_SHIFTS_KEPT)
        self._discontinuity = _Discontinuity.NONE
        self._held: list[tuple[Input, AudioFrame]] = []
        self._timer: asyncio.TimerHandle | None = None

    def place(self, received: Input, frame: AudioFrame) -> None:
        """Accepts the next frame, refuses it, drops it as a replay, or holds it back for a while."""
        start = frame.offset + self._shift
        end = start + frame.samples
        if self._highest_end is None and end > self._limit:
            self._events.refuse(f"expected offsets up to {self._limit}, got a frame up to {end}", received)
        elif self._highest_end is None or (
            start >= 0 and self._end < end and start <= self._highest_end + self._longest_fill
        ):
            self._resolve(refuted=True)
            self._accept(received, frame)
        elif (earlier := self._earlier_clock(frame)) is not None:
            self._shift_to(earlier)
            self._resolve(refuted=True)
            self._accept(received, frame)
        elif start > self._highest_end:
            self._hold(_Discontinuity.AHEAD, received, frame)
        elif start < 0 or self._timeline.in_gap(start, end):
            self._hold(_Discontinuity.BEHIND, received, frame)
        elif self.is_new(received):
            self._hold(_Discontinuity.REPEATED, received, frame)
        else:
            self._events.drop_replay(received)

    def is_new(self, received: Input) -> bool:
        """Whether it arrived behind all that was accepted, so that no replay of the stream brings it."""
        # What an earlier worker accepted may have arrived a little behind what it has written.
        return received.arrived_at > self._newest_at + (_WRITE_DELAY if self._timeline.empty else 0)

    def position(self, frame: AudioFrame) -> int:
        """The sample behind a frame, as clocks stand."""
        return frame.offset + frame.samples + self._shift

    def resolve(self) -> None:
        """Nothing more comes that could confirm what is held back."""
        self._resolve(refuted=False)

    def close(self) -> None:
        """What is held back stays unacked, for the next owner."""
        self._clear()

    @property
    def _longest_fill(self) -> int:
        return round(LONGEST_FILL * self._rate)

    @property
    def _end(self) -> int:
        return self._skipped if self._timeline.empty else self._timeline.end

    @property
    def _highest_end(self) -> int | None:
        return self._heard_end if self._timeline.empty else self._timeline.highest_end

    def _earlier_clock(self, frame: AudioFrame) -> int | None:
        """The shift of an earlier time by which the frame is the next."""
        for shift in self._earlier_shifts:
            start = frame.offset + shift
            near = self._end - _OVERLAP * self._rate <= start <= (self._highest_end or 0) + self._longest_fill
            if near and start + frame.samples > self._end:
                return shift
        return None

    def _hold(self, discontinuity: _Discontinuity, received: Input, frame: AudioFrame) -> None:
        if self._held:
            first, last = self._held[0][1], self._held[-1][1]
            end = last.offset + last.samples
            if (
                self._discontinuity is discontinuity
                and first.offset <= frame.offset
                and frame.offset + frame.samples <= end
            ):
                self._events.drop_replay(received)
                return
            if self._discontinuity is not discontinuity or abs(frame.offset - end) > _CONSECUTIVE * self._rate:
                self._resolve(refuted=True)
        if not self._held:
            self._discontinuity = discontinuity
            wait = _AHEAD_WAIT if discontinuity is _Discontinuity.AHEAD else _BEHIND_WAIT
            self._timer = asyncio.get_running_loop().call_later(wait, self.resolve)
        self._held.append((received, frame))
        first = self._held[0][1]
        confirming = frame.offset + frame.samples - first.offset
        if discontinuity is _Discontinuity.AHEAD:
            confirming -= first.samples
        if confirming >= (_CONFIRMING_AUDIO if discontinuity is _Discontinuity.AHEAD else _CONFIRMING_RUN) * self._rate:
            is_live = received.arrived_at - self._held[0][0].arrived_at >= _LIVE_RUN
            if discontinuity is _Discontinuity.REPEATED and not is_live:
                # A client that sends again what it does not know to have come; nobody speaks that fast.
                self._resolve(refuted=True)
            else:
                self._confirm()

    def _confirm(self) -> None:
        """What is held back is a run: accepts it, where it is or as a clock that has stepped."""
        discontinuity, held = self._clear()
        received, frame = held[0]
        if discontinuity is not _Discontinuity.AHEAD:
            self._rebase_clock(received, frame, "audio that goes on from where it ended")
        elif self._implausible(received, frame):
            self._rebase_clock(received, frame, "audio no further ahead than its arrival")
        self._accept_all(held)

    def _resolve(self, *, refuted: bool) -> None:
        """Gives up what is held back, unless it is a jump that may be a gap and nothing has `refuted` it."""
        if not self._held:
            return
        discontinuity, held = self._clear()
        if discontinuity is not _Discontinuity.AHEAD:
            for received, _ in held:
                self._events.drop_replay(received)
        elif refuted or self._implausible(*held[0]) or self.position(held[-1][1]) > self._limit:
            for received, frame in held:
                self._events.refuse(
                    f"expected audio from {self._end} on, got a frame that jumps to {frame.offset}", received
                )
        else:
            self._accept_all(held)

    def _clear(self) -> tuple[_Discontinuity, list[tuple[Input, AudioFrame]]]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        discontinuity, held = self._discontinuity, self._held
        self._discontinuity, self._held = _Discontinuity.NONE, []
        return discontinuity, held

    def _implausible(self, received: Input, frame: AudioFrame) -> bool:
        if self._origin is None:
            return False
        ahead = (frame.offset + self._shift) * 1000 / self._rate - (received.arrived_at - self._origin)
        return ahead > _CLOCK_TOLERANCE * 1000

    def _rebase_clock(self, received: Input, frame: AudioFrame, expected: str) -> None:
        """Has the frame begin where the timeline ends, and so much later as it arrived later."""
        self._events.report_once(
            f"expected {expected}, got audio from {frame.offset} on: its client's clock has stepped", received
        )
        end = self._timeline.end if not self._timeline.empty else self._heard_end or 0
        later = (received.arrived_at - self._newest_at) * self._rate // 1000 - frame.samples if self._newest_at else 0
        self._shift_to(end + max(0, later) - frame.offset)

    def _shift_to(self, shift: int) -> None:
        if self._shift not in self._earlier_shifts:
            self._earlier_shifts.append(self._shift)
        self._shift = shift

    def _accept_all(self, held: list[tuple[Input, AudioFrame]]) -> None:
        for received, frame in held:
            self._accept(received, frame)
        self._timeline.skip_gaps()

    def _accept(self, received: Input, frame: AudioFrame) -> None:
        placed = replace(frame, offset=frame.offset + self._shift) if self._shift else frame
        if self._timeline.empty and self._heard_end is None and placed.offset:
            self._timeline.add_gap(0, placed.offset)
        origin = received.arrived_at - (placed.offset + placed.samples) * 1000 // self._rate
        self._origin = origin if self._origin is None or self._timeline.empty else min(self._origin, origin)
        self._newest_at = max(self._newest_at, received.arrived_at)
        self._events.accept(received, placed)


def _known_origin(session: Session) -> int | None:
    """What the item tells of when the audio began, for a worker that has accepted none of it yet.

    A speaker who was quiet for long is further than what was heard; then the client's own clock is to be trusted.
    """
    if not session.take or not session.last_frame_at:
        return None
    known = session.last_frame_at - session.heard
    return min(known, session.started_at) if session.started_at else known
