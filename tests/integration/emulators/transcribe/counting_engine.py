"""An engine that counts its takes, and may fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from processors.transcribe.engines.hypothesis_queue import HypothesisQueue
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.recogniser import Hypothesis, Recogniser
from shared.sessions import Session
from tests.integration.emulators.transcribe.streaming_client import RATE, SCRIPT


class CountingEngine(ScriptedEngine):
    """Knows how many takes were opened and which of them are open; one that is given an error raises it when fed."""

    def __init__(self, error: Exception | None = None, **options: Any) -> None:
        super().__init__(SCRIPT, rate=RATE, **options)
        self._error = error
        self.opened = 0
        self.takes: set[Recogniser] = set()
        #: No take is open any more.
        self.closed = asyncio.Event()

    async def open(self, session: Session, start: int) -> _Take:  # type: ignore[override]
        self.opened += 1
        take = _Take(await super().open(session, start), self._error, self._left)
        self.takes.add(take)
        return take

    def _left(self, take: _Take) -> None:
        self.takes.discard(take)
        if not self.takes:
            self.closed.set()


class _Take:
    def __init__(self, take: Recogniser, error: Exception | None, left: Callable[[_Take], None]) -> None:
        self._take = take
        self._left = left
        self._failed = HypothesisQueue()
        self._error = error

    async def feed(self, pcm: bytes) -> None:
        await self._take.feed(pcm)
        if self._error is not None:
            self._failed.end(self._error)

    async def finish(self) -> None:
        await self._take.finish()

    def __aiter__(self) -> AsyncIterator[Hypothesis]:
        return self._take.__aiter__() if self._error is None else self._failed

    async def close(self) -> None:
        await self._take.close()
        self._left(self)
