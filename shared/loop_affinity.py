"""What belongs to one event loop is used on that one alone: elsewhere it would break without a word."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from shared.errors import ForkedProcess, WrongEventLoop


class LoopAffinity:
    """Binds a thing to the event loop, and the process, that first use it; its errors say `remedy` in the end.

    `on_rebind` are called when it is bound to another loop, since the one before is closed.
    """

    def __init__(self, remedy: str) -> None:
        self.on_rebind: list[Callable[[], None]] = []
        self._remedy = remedy
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ""
        self._process = os.getpid()
        self._binding = threading.Lock()

    @property
    def is_closed(self) -> bool:
        """Whether the loop is closed: nothing runs there any more."""
        return self._loop is not None and self._loop.is_closed()

    @property
    def is_forked(self) -> bool:
        """Whether the loop is that of another process, which this one was forked from."""
        return self._loop is not None and self._process != os.getpid()

    def bind(self, name: str) -> None:
        """Binds `name` to the running loop, unless it is bound to one that is not closed.

        Raises WrongEventLoop where that is another one, and ForkedProcess where it is a parent process's.
        """
        if self._is_here(name):
            return
        with self._binding:
            bound = self._loop is not None and not self._loop.is_closed()
            if not bound:
                self._rebind()
        if bound:
            self.check(name)

    def check(self, name: str) -> None:
        """Raises as `bind` does, also where the loop is closed."""
        if self._is_here(name):
            return
        closed = " and is closed" if self.is_closed else ""
        raise WrongEventLoop(
            f"{name}: expected the event loop that first used it (that of thread {self._thread}{closed}), "
            f"got another one (that of thread {threading.current_thread().name}); {self._remedy}"
        )

    def _is_here(self, name: str) -> bool:
        if self.is_forked and not self.is_closed:
            # Where it was forked inside a coroutine there is not even a running loop.
            raise ForkedProcess(
                f"{name}: expected process {self._process}, which first used it, got process {os.getpid()}, "
                f"which was forked from that; {self._remedy}"
            )
        return asyncio.get_running_loop() is self._loop

    def _rebind(self) -> None:
        again = self._loop is not None
        self._loop = asyncio.get_running_loop()
        self._thread = threading.current_thread().name
        self._process = os.getpid()
        for call in self.on_rebind if again else ():
            call()
