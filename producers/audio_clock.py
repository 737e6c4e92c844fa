"""Where live audio stands in audio time: by one reading of the wall clock, and from then on by the loop's clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from shared.clock import Clock
from shared.sessions import Session
from shared.settings import Settings

#: The longest (ms) that audio is believed to have waited before it was written: as much as an outage may be buffered.
_MAX_AGE = 600_000
#: How long (ms) a session may outlast IDLE_TIMEOUT until its end is written.
_END_LATE = 60_000


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by both clocks, in ms: the loop's, which nobody sets, and the wall clock's."""

    loop: int
    wall: int


class AudioClock:
    """The audio time of one producer's writes; to be made in the running loop, when the producer opens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._opened = self.now()
        self._age = 0
        self._origin: float | None = None

    @property
    def anchored(self) -> bool:
        """Whether audio has a place yet."""
        return self._origin is not None

    def now(self) -> Moment:
        """This moment."""
        return Moment(self.elapsed(), self._clock.now())

    def elapsed(self) -> int:
        """The loop's time in ms; any thread may ask."""
        return round(self._loop.time() * 1000)

    def captured(self, written: Moment, captured_at: int | None) -> int:
        """The loop's time (ms) of a capture at the wall clock's `captured_at`, None being that of the write.

        An age that cannot be, since a clock was set between the two, says nothing: the age of the write before counts.
        """
        age = 0 if captured_at is None else written.wall - captured_at
        if 0 <= age <= _MAX_AGE:
            self._age = age
        return written.loop - self._age

    def anchor(self, captured: float, position: float) -> None:
        """What was captured at `captured` (loop's time, ms) stands at `position` (audio time, ms)."""
        self._origin = captured - position

    def position(self, captured: float) -> float:
        """The audio time (ms) of what is captured at `captured` (loop's time, ms)."""
        assert self._origin is not None
        return captured - self._origin

    def by_wall_clock(self, session: Session, written: Moment, captured: float, settings: Settings) -> float:
        """The audio time (ms) of that capture by the session's `started_at`; what was heard where no reading can be.

        The reading at the producer's opening counts before that of its first write, so that a step between the two
        moves nothing. One that is behind what was heard cannot be, nor one past the longest session though the
        session was heard just now: placed there, it would end.
        """
        for reading in (self._opened, written):
            position = reading.wall + captured - reading.loop - session.started_at
            ahead = position - session.heard
            possible = position <= settings.max_session_length * 1000 or ahead <= (
                settings.idle_timeout * 1000 + _END_LATE
            )
            if ahead >= 0 and possible:
                return position
        return session.heard
