"""An event loop whose clock jumps to the next timer whenever nothing is ready: minutes pass in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.support.waiting import TIMEOUT

Returned = TypeVar("Returned")

#: Epoch ms at which virtual time begins.
EPOCH = 1_700_000_000_000


class _JumpingSelector(selectors.SelectSelector):
    """Waits for no time at all, and tells the loop how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self.holds = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and self.holds and timeout != 0:
            events = super().select(TIMEOUT)
            if not events:
                raise RuntimeError(f"a thread has held virtual time up for {TIMEOUT:g} real seconds")
            return events
        if not events:
            if timeout is None:
                raise RuntimeError("virtual time stands still: nothing is ready and no timer is set")
            self.elapsed += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, in s from 0. Work in threads does not hold time up by itself: see `hold`."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual time in s."""
        return self._jumping.elapsed

    def leap(self, seconds: float) -> None:
        """The process was stopped for so long and goes on: everything that was due meanwhile is late."""
        self._jumping.elapsed += seconds

    def hold(self) -> None:
        """Lets no time pass: a thread is at work, and will make the loop ready. To be called on the loop."""
        self._jumping.holds += 1

    def let_go(self) -> None:
        """That thread waits for the loop again."""
        self._jumping.holds -= 1


class VirtualClock:
    """A Clock on the running VirtualLoop."""

    def now(self) -> int:
        """Virtual epoch time in ms."""
        return EPOCH + round(asyncio.get_running_loop().time() * 1000)


def run(main: Coroutine[Any, Any, Returned]) -> Returned:
    """Runs the coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
