"""Ends a process whose event loop stands still, whose host is at fault, or whose daemon is gone."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

#: Seconds between two checks, and in each slice of waiting for the loop.
INTERVAL, _SLICE = 2.0, 0.5
#: Seconds for which an event loop may stand still: no engine computes on the loop for that long.
STALL_TIMEOUT = 20.0
#: Seconds that a process which ends has to say why.
LOG_TIMEOUT = 5.0
#: Seconds after its last heartbeat within which a process whose loop stands still has ended itself, and has said why.
HEARTBEAT_TIMEOUT = INTERVAL + STALL_TIMEOUT + _SLICE + LOG_TIMEOUT


class Watchdog:
    """Checks from a thread of its own. `check` runs on the loop; `heartbeat` runs after each that found nothing wrong.

    `die` is told what is wrong, and ends the process.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        check: Callable[[], str | None],
        heartbeat: Callable[[], None],
        die: Callable[[str], None],
        *,
        interval: float = INTERVAL,
        stall_timeout: float = STALL_TIMEOUT,
    ) -> None:
        self._loop = loop
        self._check = check
        self._heartbeat = heartbeat
        self._die = die
        self._interval = interval
        self._stall_timeout = stall_timeout
        self._parent = os.getppid()
        self._answer: str | None = None
        self._checked = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begins to check."""
        self._thread.start()

    def close(self) -> None:
        """Checks no more."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._interval):
            if (fault := self._fault()) is not None:
                self._die(fault)
                return
            self._heartbeat()

    def _fault(self) -> str | None:
        """What is wrong with this process, if anything is."""
        self._checked.clear()
        deadline = time.monotonic() + self._stall_timeout
        self._loop.call_soon_threadsafe(self._run_check)
        while not self._checked.wait(_SLICE):
            if self._closed.is_set():
                return None
            if os.getppid() != self._parent:
                return "the daemon is gone"
            if time.monotonic() > deadline:
                return f"the event loop stood still for {self._stall_timeout:g} s"
        if os.getppid() != self._parent:
            return "the daemon is gone"
        return self._answer

    def _run_check(self) -> None:
        self._answer = self._check()
        self._checked.set()
