"""A take's hypotheses on their way from its engine to whoever iterates over them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from processors.transcribe.recogniser import Hypothesis


class HypothesisQueue(AsyncIterator[Hypothesis]):
    """An iteration that waits for what comes next, until it is ended."""

    def __init__(self) -> None:
        self._waiting: deque[Hypothesis] = deque()
        self._drained_until = 0
        self._changed = asyncio.Event()
        self._error: Exception | None = None
        self.ended = False

    def drained_until(self, position: int) -> int:
        """`position` (ms); while a hypothesis waits in the queue, what this was before."""
        if not self._waiting:
            self._drained_until = position
        return self._drained_until

    def put(self, hypothesis: Hypothesis) -> None:
        """Adds the next one; once ended, it is dropped."""
        if not self.ended:
            self._waiting.append(hypothesis)
            self._changed.set()

    def end(self, error: Exception | None = None) -> None:
        """Nothing follows what is there; the iteration then raises `error` or just stops. Only the first end counts."""
        if not self.ended:
            self.ended = True
            self._error = error
            self._changed.set()

    async def __anext__(self) -> Hypothesis:
        while not self._waiting:
            if self.ended:
                raise self._error or StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
