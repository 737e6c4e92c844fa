"""Where a session's frames belong: a frame that leaps is doubted until others bear it out."""

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

#: Seconds of audio behind a frame that leapt ahead that bear it out, and of a run that lies behind.
_BORNE_OUT = 1.0
_RUN = 2.0
#: Seconds that are waited for either.
_AHEAD_WAIT = 2.0
_BEHIND_WAIT = 4.0
#: Seconds between two frames of one run, at most.
_CONSECUTIVE = 0.5
#: How long (ms) a run that was heard before must take to arrive to be a speaker's: half of what it lasts.
_LIVE_RUN = 1000
#: How late (ms) the newest frame's arrival may be written to the item.
_NOTED_LATE = 15_000
#: Seconds by which audio may run ahead of the clock of its arrival.
_TOLERANCE = 120.0
#: Seconds by which audio placed as an earlier clock had it may overlap what there is.
_OVERLAP = 1.0
#: Clocks of the client that are remembered.
_SHIFTS = 8


class PlacementEvents(Protocol):
    """Who is told what becomes of each frame."""

    def accept(self, received: Input, frame: AudioFrame) -> None:
        """It is the session's next audio, at the offset that the frame now has."""

    def replayed(self, received: Input) -> None:
        """Its audio was here before."""

    def refuse(self, reason: str, received: Input) -> None:
        """It is none of the session's audio."""

    def report(self, reason: str, received: Input) -> None:
        """Its client's clock is not believed."""


class _Doubt(Enum):
    """Why frames are set aside."""

    NONE = "none are"
    AHEAD = "they begin too far ahead to be the next"
    BEHIND = "they lie in a gap that was gone over"
    SEEN = "they lie where audio was heard, and came behind it"


class Placement:
    """Places frames on the timeline, by a client's clock that may step.

    A leap ahead is a gap where later frames bear it out, or nothing refutes it. One out of all reason, and a run that
    lies behind, tell of a client's clock that has stepped: from there on offsets are shifted, so that audio time goes
    on. One frame that leaps beyond `limit` ends nothing. Offsets and positions are samples.
    """

    def __init__(self, session: Session, timeline: Timeline, skipped: int, limit: int, desk: PlacementEvents) -> None:
        self._timeline = timeline
        self._rate = session.rate
        self._skipped = skipped
        self._limit = limit
        self._desk = desk
        #: Where an earlier worker's audio may have ended; None where nobody has heard any.
        self._floor = session.heard * session.rate // 1000 if session.take else None
        #: The least that a frame's arrival was behind its end (ms): the epoch of audio time.
        self._origin = _known_origin(session)
        self._newest_at = session.last_frame_at
        self._shift = 0
        self._earlier: deque[int] = deque(maxlen=_SHIFTS)
        self._doubt = _Doubt.NONE
        self._aside: list[tuple[Input, AudioFrame]] = []
        self._timer: asyncio.TimerHandle | None = None

    def place(self, received: Input, frame: AudioFrame) -> None:
        """Takes the next frame: accepts it, refuses it, drops it as a replay, or sets it aside for a while."""
        start = frame.offset + self._shift
        end = start + frame.samples
        if self._reach is None and end > self._limit:
            self._desk.refuse(f"expected offsets up to {self._limit}, got a frame up to {end}", received)
        elif self._reach is None or (start >= 0 and self._end < end and start <= self._reach + self._fill):
            self._settle_for(refuted=True)
            self._accept(received, frame)
        elif (earlier := self._earlier_clock(frame)) is not None:
            self._shift_to(earlier)
            self._settle_for(refuted=True)
            self._accept(received, frame)
        elif start > self._reach:
            self._set_aside(_Doubt.AHEAD, received, frame)
        elif start < 0 or self._timeline.never_came(start, end):
            self._set_aside(_Doubt.BEHIND, received, frame)
        elif self.is_news(received):
            self._set_aside(_Doubt.SEEN, received, frame)
        else:
            self._desk.replayed(received)

    def is_news(self, received: Input) -> bool:
        """Whether it arrived behind all that was taken, so that no replay of the stream brings it."""
        # What an earlier worker took may have arrived a little behind what it has written.
        return received.arrived_at > self._newest_at + (_NOTED_LATE if self._timeline.empty else 0)

    def position(self, frame: AudioFrame) -> int:
        """The sample behind a frame, as clocks stand."""
        return frame.offset + frame.samples + self._shift

    def settle(self) -> None:
        """Nothing more comes that could bear out what is set aside."""
        self._settle_for(refuted=False)

    def close(self) -> None:
        """What is set aside stays unreleased, for the next owner."""
        self._clear()

    @property
    def _fill(self) -> int:
        return round(LONGEST_FILL * self._rate)

    @property
    def _end(self) -> int:
        return self._skipped if self._timeline.empty else self._timeline.end

    @property
    def _reach(self) -> int | None:
        return self._floor if self._timeline.empty else self._timeline.reach

    def _earlier_clock(self, frame: AudioFrame) -> int | None:
        """The shift of an earlier time by which the frame is the next."""
        for shift in self._earlier:
            start = frame.offset + shift
            near = self._end - _OVERLAP * self._rate <= start <= (self._reach or 0) + self._fill
            if near and start + frame.samples > self._end:
                return shift
        return None

    def _set_aside(self, doubt: _Doubt, received: Input, frame: AudioFrame) -> None:
        if self._aside:
            first, last = self._aside[0][1], self._aside[-1][1]
            end = last.offset + last.samples
            if self._doubt is doubt and first.offset <= frame.offset and frame.offset + frame.samples <= end:
                self._desk.replayed(received)
                return
            if self._doubt is not doubt or abs(frame.offset - end) > _CONSECUTIVE * self._rate:
                self._settle_for(refuted=True)
        if not self._aside:
            self._doubt = doubt
            wait = _AHEAD_WAIT if doubt is _Doubt.AHEAD else _BEHIND_WAIT
            self._timer = asyncio.get_running_loop().call_later(wait, self.settle)
        self._aside.append((received, frame))
        first = self._aside[0][1]
        borne_out = frame.offset + frame.samples - first.offset
        if doubt is _Doubt.AHEAD:
            borne_out -= first.samples
        if borne_out >= (_BORNE_OUT if doubt is _Doubt.AHEAD else _RUN) * self._rate:
            live = received.arrived_at - self._aside[0][0].arrived_at >= _LIVE_RUN
            if doubt is _Doubt.SEEN and not live:
                # A client that sends again what it does not know to have come; nobody speaks that fast.
                self._settle_for(refuted=True)
            else:
                self._bear_out()

    def _bear_out(self) -> None:
        """What is set aside is a run: accepts it, where it is or as a clock that has stepped."""
        doubt, aside = self._clear()
        received, frame = aside[0]
        if doubt is not _Doubt.AHEAD:
            self._mend_clock(received, frame, "audio that goes on from where it ended")
        elif self._out_of_reason(received, frame):
            self._mend_clock(received, frame, "audio no further ahead than its arrival")
        self._accept_all(aside)

    def _settle_for(self, *, refuted: bool) -> None:
        """Gives up what is set aside, unless it is a leap that may be a gap and nothing has `refuted` it."""
        if not self._aside:
            return
        doubt, aside = self._clear()
        if doubt is not _Doubt.AHEAD:
            for received, _ in aside:
                self._desk.replayed(received)
        elif refuted or self._out_of_reason(*aside[0]) or self.position(aside[-1][1]) > self._limit:
            for received, frame in aside:
                self._desk.refuse(
                    f"expected audio from {self._end} on, got a frame that leaps to {frame.offset}", received
                )
        else:
            self._accept_all(aside)

    def _clear(self) -> tuple[_Doubt, list[tuple[Input, AudioFrame]]]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        doubt, aside = self._doubt, self._aside
        self._doubt, self._aside = _Doubt.NONE, []
        return doubt, aside

    def _out_of_reason(self, received: Input, frame: AudioFrame) -> bool:
        if self._origin is None:
            return False
        ahead = (frame.offset + self._shift) * 1000 / self._rate - (received.arrived_at - self._origin)
        return ahead > _TOLERANCE * 1000

    def _mend_clock(self, received: Input, frame: AudioFrame, expected: str) -> None:
        """Has the frame begin where the timeline ends, and so much later as it arrived later."""
        self._desk.report(
            f"expected {expected}, got audio from {frame.offset} on: its client's clock has stepped", received
        )
        end = self._timeline.end if not self._timeline.empty else self._floor or 0
        later = (received.arrived_at - self._newest_at) * self._rate // 1000 - frame.samples if self._newest_at else 0
        self._shift_to(end + max(0, later) - frame.offset)

    def _shift_to(self, shift: int) -> None:
        if self._shift not in self._earlier:
            self._earlier.append(self._shift)
        self._shift = shift

    def _accept_all(self, aside: list[tuple[Input, AudioFrame]]) -> None:
        for received, frame in aside:
            self._accept(received, frame)
        self._timeline.give_up_gaps()

    def _accept(self, received: Input, frame: AudioFrame) -> None:
        placed = replace(frame, offset=frame.offset + self._shift) if self._shift else frame
        if self._timeline.empty and self._floor is None and placed.offset:
            self._timeline.skipped(0, placed.offset)
        origin = received.arrived_at - (placed.offset + placed.samples) * 1000 // self._rate
        self._origin = origin if self._origin is None or self._timeline.empty else min(self._origin, origin)
        self._newest_at = max(self._newest_at, received.arrived_at)
        self._desk.accept(received, placed)


def _known_origin(session: Session) -> int | None:
    """What the item tells of when the audio began, for a worker that has taken none of it yet.

    A speaker who was quiet for long is further than what was heard; then the client's own clock is to be trusted.
    """
    if not session.take or not session.last_frame_at:
        return None
    known = session.last_frame_at - session.heard
    return min(known, session.started_at) if session.started_at else known
