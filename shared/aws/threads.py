"""Threads that nobody waits for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from threading import Condition, Thread
from typing import Any, ParamSpec, TypeVar

from shared.errors import ForkedProcess

_Arguments = ParamSpec("_Arguments")
_Returned = TypeVar("_Returned")

#: Seconds without work after which a thread ends.
_IDLE = 10.0


class DaemonThreadPool(Executor):
    """Runs so many calls at once. A process ends without them, where a ThreadPoolExecutor's keep it while they hang."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._changed = Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._threads = 0
        self._idle = 0
        #: The process that has called first: a fork takes neither its threads nor, whole, its connections with it.
        self._process: int | None = None

    def submit(
        self, fn: Callable[_Arguments, _Returned], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Returned]:
        """Raises ForkedProcess in a child of the process that has called first."""
        self._process = self._process or os.getpid()
        if self._process != os.getpid():
            raise ForkedProcess(
                f"calls of {self._name}: expected process {self._process}, which made the first, got process "
                f"{os.getpid()}, which was forked from that; make Aws, streams and stores in the process that uses them"
            )
        call: Future[_Returned] = Future()
        with self._changed:
            self._waiting.append((call, partial(fn, *args, **kwargs)))
            if len(self._waiting) > self._idle and self._threads < self._most:
                Thread(target=self._serve, name=self._name, daemon=True).start()
                self._threads += 1
            self._changed.notify()
        return call

    def _serve(self) -> None:
        while (work := self._next()) is not None:
            _run(*work)
            # What it returned is not kept alive by a thread that waits.
            del work

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """What waits longest; None where there was nothing for a while."""
        with self._changed:
            self._idle += 1
            found = self._changed.wait_for(lambda: self._waiting, _IDLE)
            self._idle -= 1
            if found:
                return self._waiting.popleft()
            self._threads -= 1
            return None


def _run(call: Future[Any], work: Callable[[], Any]) -> None:
    if not call.set_running_or_notify_cancel():
        return
    try:
        returned = work()
    except BaseException as error:
        call.set_exception(error)
    else:
        call.set_result(returned)
