"""Ends a process whose event loop stands still, whose host is past mending, or whose daemon is gone."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

#: Seconds between two looks, and between two slices of waiting for the loop.
EVERY, _SLICE = 2.0, 0.5
#: Seconds for which an event loop may stand still: no engine computes on the loop for that long.
LIMIT = 20.0
#: Seconds that a process which ends has to say why.
LAST_LINES = 5.0
#: Seconds after its last beat within which a process whose loop stands still has ended by itself, and has said why.
SILENCE = EVERY + LIMIT + _SLICE + LAST_LINES


class Watchdog:
    """Looks from a thread of its own. `wrong` runs on the loop; `beat` runs after each look that found nothing.

    `die` is told what is wrong, and ends the process.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wrong: Callable[[], str | None],
        beat: Callable[[], None],
        die: Callable[[str], None],
        *,
        every: float = EVERY,
        limit: float = LIMIT,
    ) -> None:
        self._loop = loop
        self._ask = wrong
        self._beat = beat
        self._die = die
        self._every = every
        self._limit = limit
        self._parent = os.getppid()
        self._answer: str | None = None
        self._looked = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def close(self) -> None:
        """Looks no more."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._every):
            if (wrong := self._wrong()) is not None:
                self._die(wrong)
                return
            self._beat()

    def _wrong(self) -> str | None:
        """What is wrong with this process, if anything is."""
        self._looked.clear()
        deadline = time.monotonic() + self._limit
        self._loop.call_soon_threadsafe(self._look)
        while not self._looked.wait(_SLICE):
            if self._closed.is_set():
                return None
            if os.getppid() != self._parent:
                return "the daemon is gone"
            if time.monotonic() > deadline:
                return f"the event loop stood still for {self._limit:g} s"
        if os.getppid() != self._parent:
            return "the daemon is gone"
        return self._answer

    def _look(self) -> None:
        self._answer = self._ask()
        self._looked.set()
