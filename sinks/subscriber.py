"""What captions and speech have in common: an iterator over one session that can be broken off at any moment."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from enum import Enum
from types import TracebackType
from typing import Generic, Self, TypeVar

from shared.streams.follow import Answered, CaughtUp, Refused
from sinks.admission import Admission
from sinks.events import Ended, Interrupted, Resumed, SessionEvent
from sinks.records import Received, SessionRecords

Event = TypeVar("Event")

#: Seconds from before it joined that a subscriber reads for what it is to tell of them.
REACH_BACK = 60.0


class _State(Enum):
    NEW = "was not entered"
    ENTERED = "was entered"
    LEFT = "was left"


class Subscriber(ABC, Generic[Event]):
    """An asynchronous iterator of events, used inside `async with`; the last event is Ended.

    Whatever ends a wait for the next event, a timeout around `anext` say, loses none; iterating again goes on where
    it was broken off. It is entered once, and iterated by one at a time: all else raises RuntimeError.
    """

    def __init__(self, records: SessionRecords, admission: Admission | None) -> None:
        self._records = records
        self._admission = admission
        self._state = _State.NEW
        self._waiting = False
        self._events: deque[Event | SessionEvent] = deque()
        #: Whether the session's item says that it is over.
        self._over = False
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
        await self._records.__aenter__()
        try:
            # The place is taken first: where the session has not ended by then, its end will be met.
            if self._admission is not None:
                self._over = await self._admission.over()
        except BaseException:
            await self._records.__aexit__(None, None, None)
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

    async def _receive(self) -> None:
        """Waits for what comes next, or for the deadline, and makes events of it."""
        try:
            async with asyncio.timeout_at(self._deadline):
                news = await self._records.receive()
        except TimeoutError:
            self._events.extend(self._overdue())
        except RuntimeError:
            # It was left while it waited.
            self._check_entered()
            raise
        else:
            self._events.extend(self._tell(news))
        if self._reason is not None:
            self._events.extend(self._finish())
            self._events.append(Ended(self._reason))
            self._told_end = True

    def _tell(self, news: Received | CaughtUp | Refused | Answered) -> Iterable[Event | SessionEvent]:
        match news:
            case Refused(reason):
                return [Interrupted(reason)]
            case Answered():
                return [Resumed()]
            case CaughtUp():
                events = list(self._caught_up())
                if self._over and self._reason is None:
                    self._reason = "over"
                return events
        return self._take(news)

    @property
    def _deadline(self) -> float | None:
        """Loop time (s) at which `_overdue` is asked, if nothing comes until then."""
        return None

    def _overdue(self) -> Iterable[Event]:
        """What there is to tell once the deadline is over."""
        return ()

    @abstractmethod
    def _take(self, received: Received) -> Iterable[Event]:
        """What there is to tell of a record; behind the last one it sets `_reason`."""

    @abstractmethod
    def _caught_up(self) -> Iterable[Event]:
        """What there is to tell once all that stood there has been taken."""

    def _finish(self) -> Iterable[Event]:
        """What there is to tell before the end."""
        return ()


def check_place(after: int | None, reach_back: float | None) -> None:
    """Raises ValueError where no subscriber can begin there."""
    if after is not None and after < 0:
        raise ValueError(f"expected `after` to be 0 or more, got {after}")
    if reach_back is not None and not 0 <= reach_back < float("inf"):
        raise ValueError(f"expected `reach_back` to be 0 s or more, got {reach_back}")
