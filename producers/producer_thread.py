"""The thread of a blocking producer, with an event loop of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from shared.errors import ForkedProcess

Returned = TypeVar("Returned")

#: Seconds in which what is under way learns that the loop is to end, and again in which it ends when it is cancelled.
_SETTLE = 1.0


class ProducerThread:
    """Takes work from any thread until it is stopped; all that it has taken comes to an end before the loop does.

    The thread is a daemon: a process ends without it.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._process = os.getpid()
        #: Reentrant, since a signal's handler may give work where its thread is giving some.
        self._submitting = threading.RLock()
        self._stopped = False
        self._thread.start()

    @property
    def here(self) -> bool:
        """Whether it is of this process: a fork takes no thread with it."""
        return self._process == os.getpid()

    def check(self) -> None:
        """Raises ForkedProcess in a child of the process that made it."""
        if not self.here:
            raise ForkedProcess(
                f"expected process {self._process}, which opened the producer, got process {os.getpid()}, which was "
                "forked from that; open a producer, with a stream of its own, in the process that writes"
            )

    def submit(self, work: Coroutine[Any, Any, Returned]) -> Future[Returned] | None:
        """Begins the work; None where it is stopped.

        Raises ForkedProcess in a child process, and RuntimeError on its own thread, which would wait for itself.
        """
        try:
            self.check()
            if threading.current_thread() is self._thread:
                raise RuntimeError(
                    "expected a thread of the program, got the producer's own, which would wait for itself"
                )
            with self._submitting:
                if not self._stopped:
                    return asyncio.run_coroutine_threadsafe(work, self._loop)
        except BaseException:
            work.close()
            raise
        work.close()
        return None

    def stop(self) -> None:
        """Takes nothing more, has all that is under way end, in its own way if it can, and ends the loop."""
        with self._submitting:
            if self._stopped:
                return
            self._stopped = True
            settled = asyncio.run_coroutine_threadsafe(_settle(), self._loop)
        # Where something blocks the loop itself, nobody waits for ever.
        with suppress(TimeoutError):
            settled.result(3 * _SETTLE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SETTLE)
        if not self._thread.is_alive():
            self._loop.close()


async def _settle() -> None:
    """Has every other task of the running loop end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, late = await asyncio.wait(others, timeout=_SETTLE)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_SETTLE)
