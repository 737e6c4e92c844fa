"""Where a thing that one event loop owns is at home: used elsewhere, it would break without a word."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from shared.errors import ForkedProcess, WrongEventLoop


class LoopAffinity:
    """The event loop, and its process, that a thing was first used on; its errors say `remedy` in the end.

    `moved` are called when it begins anew on another loop, since the one before is closed.
    """

    def __init__(self, remedy: str) -> None:
        self.moved: list[Callable[[], None]] = []
        self._remedy = remedy
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ""
        self._process = os.getpid()
        self._deciding = threading.Lock()

    @property
    def is_gone(self) -> bool:
        """Whether the loop is closed: nothing goes on there any more."""
        return self._loop is not None and self._loop.is_closed()

    @property
    def is_parents(self) -> bool:
        """Whether it is that of another process, which this one was forked from."""
        return self._loop is not None and self._process != os.getpid()

    def bind(self, name: str) -> None:
        """The running loop is the home of `name` from now on, unless it has one that is not closed.

        Raises WrongEventLoop where that is another one, and ForkedProcess where it is a parent process's.
        """
        if self._is_here(name):
            return
        with self._deciding:
            settled = self._loop is not None and not self._loop.is_closed()
            if not settled:
                self._settle()
        if settled:
            self.check(name)

    def check(self, name: str) -> None:
        """Raises as `bind` does, also where the home is closed."""
        if self._is_here(name):
            return
        closed = " and is closed" if self.is_gone else ""
        raise WrongEventLoop(
            f"{name}: expected the event loop that first used it (that of thread {self._thread}{closed}), "
            f"got another one (that of thread {threading.current_thread().name}); {self._remedy}"
        )

    def _is_here(self, name: str) -> bool:
        if self.is_parents and not self.is_gone:
            # Where it was forked inside a coroutine there is not even a running loop.
            raise ForkedProcess(
                f"{name}: expected process {self._process}, which first used it, got process {os.getpid()}, "
                f"which was forked from that; {self._remedy}"
            )
        return asyncio.get_running_loop() is self._loop

    def _settle(self) -> None:
        moves = self._loop is not None
        self._loop = asyncio.get_running_loop()
        self._thread = threading.current_thread().name
        self._process = os.getpid()
        for moved in self.moved if moves else ():
            moved()
