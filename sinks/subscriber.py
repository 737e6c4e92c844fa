"""What captions and speech have in common: an iterator over one session that can be broken off at any moment."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from enum import Enum
from types import TracebackType
from typing import Generic, Self, TypeVar

from shared.sessions import SessionState
from shared.streams.follower_events import CaughtUp
from sinks.admission import Admission
from sinks.events import Ended, Interrupted, Resumed, SessionEvent
from sinks.records import Received, SessionRecords

Event = TypeVar("Event")

#: How far (s) before it joined a subscriber reads for what it is to tell of that time.
LOOKBACK_S = 60.0
#: Seconds without a record behind which nothing more is expected of a session that is over.
_QUIET_S = 10.0


class _State(Enum):
    NEW = "was not entered"
    ENTERING = "is being entered"
    FAILED = "could not be entered"
    ENTERED = "was entered"
    LEFT = "was left"


class Subscriber(ABC, Generic[Event]):
    """An asynchronous iterator of events, used inside `async with`; the last event is Ended.

    Whatever ends a wait for the next event, a timeout around `anext` say, loses none; iterating again goes on where
    it was broken off. It is entered once, also where that fails, and iterated by one at a time: all else raises
    RuntimeError.
    """

    def __init__(self, records: SessionRecords, admission: Admission | None) -> None:
        self._records = records
        self._admission = admission
        self._state = _State.NEW
        self._waiting = False
        self._events: deque[Event | SessionEvent] = deque()
        #: Whether the session's item says that it is over, and how many segments it had by then.
        self._over = False
        self._segments = 0
        #: Loop time (s) at which one that is over counts as over for good, if nothing comes until then.
        self._quiet_until: float | None = None
        self._is_caught_up = self._interrupted = False
        #: Why the session has ended, once nothing more of it is waited for.
        self._reason: str | None = None
        self._told_end = False

    async def __aenter__(self) -> Self:
        """Joins: waits out a stream or store that is unavailable.

        With a store, raises SessionUnknown, UnsupportedLanguage where the session is not translated into the
        language, and SessionOver where it has ended, unless this one resumes.
        """
        if self._state is not _State.NEW:
            raise RuntimeError(
                f"session {self._records.session}: expected a new subscriber, got one that {self._state.value}"
            )
        self._state = _State.ENTERING
        try:
            await self._records.__aenter__()
            # The position is taken first: where the session has not ended by then, its end will be met.
            if self._admission is not None:
                await self._admit(self._admission)
        except BaseException:
            self._state = _State.FAILED
            raise
        self._state = _State.ENTERED
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._state = _State.LEFT
        await self._records.__aexit__(kind, error, traceback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | SessionEvent:
        self._check_entered()
        if self._waiting:
            raise RuntimeError(f"session {self._records.session}: expected one iteration at a time, got a second")
        self._waiting = True
        try:
            while not self._events:
                if self._told_end:
                    raise StopAsyncIteration
                await self._receive()
            return self._events.popleft()
        finally:
            self._waiting = False

    def _check_entered(self) -> None:
        if self._state is not _State.ENTERED:
            raise RuntimeError(
                f"session {self._records.session}: expected a subscriber inside its `async with`, got one that "
                f"{self._state.value}"
            )

    async def _admit(self, admission: Admission) -> None:
        try:
            session = await admission.check()
        except BaseException:
            await self._records.__aexit__(None, None, None)
            raise
        self._over = session.state is SessionState.ENDED
        self._segments = session.number

    async def _receive(self) -> None:
        """Waits for what comes next, or for a deadline, and makes events of it."""
        deadlines = [deadline for deadline in (self._deadline, self._quiet_until) if deadline is not None]
        try:
            async with asyncio.timeout_at(min(deadlines, default=None)):
                received = await self._records.receive()
        except TimeoutError:
            self._events.extend(self._overdue())
            if self._quiet_until is not None and asyncio.get_running_loop().time() >= self._quiet_until:
                self._reason = self._reason or "over"
        except RuntimeError:
            # It was left while it waited.
            self._check_entered()
            raise
        else:
            self._events.extend(self._tell(received))
        if self._reason is not None:
            self._events.extend(self._finish())
            self._events.extend(self._missed(self._segments))
            self._events.append(Ended(self._reason))
            self._told_end = True

    def _tell(self, received: Received | CaughtUp | Interrupted | Resumed) -> Iterable[Event | SessionEvent]:
        match received:
            case Interrupted() | Resumed():
                self._interrupted = isinstance(received, Interrupted)
                events: Iterable[Event | SessionEvent] = [received]
            case CaughtUp():
                self._is_caught_up = True
                events = list(self._caught_up())
            case _:
                events = self._process(received)
        if self._over and self._is_caught_up:
            # Its last words may still be on their way through the stages, and its end with them.
            quiet = asyncio.get_running_loop().time() + _QUIET_S
            self._quiet_until = None if self._interrupted else quiet
        return events

    @property
    def _deadline(self) -> float | None:
        """Loop time (s) at which `_overdue` is asked, if nothing comes until then."""
        return None

    def _overdue(self) -> Iterable[Event]:
        """What there is to tell once the deadline is over."""
        return ()

    @abstractmethod
    def _process(self, received: Received) -> Iterable[Event]:
        """What there is to tell of a record; behind the last one it sets `_reason`."""

    def _caught_up(self) -> Iterable[Event]:
        """What there is to tell once all that stood there has been taken."""
        return ()

    def _finish(self) -> Iterable[Event]:
        """What there is to tell before the end."""
        return ()

    @abstractmethod
    def _missed(self, last: int) -> Iterable[Event]:
        """What there is to tell at the end where the session had the segments up to `last`."""


def check_position(after: int | None, lookback_s: float | None) -> None:
    """Raises ValueError where no subscriber can begin there."""
    if after is not None and after < 0:
        raise ValueError(f"expected `after` to be 0 or more, got {after}")
    if lookback_s is not None and not 0 <= lookback_s < float("inf"):
        raise ValueError(f"expected `lookback_s` to be 0 s or more, got {lookback_s}")
