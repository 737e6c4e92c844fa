"""Drives one operator by hand, on virtual time: everything it emits is durable at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from processors.contract import Closing, Input, Stage
from shared.metrics import MemoryMetrics
from shared.models import DeadLetter, Record
from shared.sessions import MemorySessionStore
from shared.settings import Settings
from shared.streams import StreamName
from tests.support.virtual_time import VirtualClock


class OperatorHarness:
    """A Context that keeps what its operator emits and acks, in order."""

    def __init__(
        self,
        stage: Stage,
        key: str = "talk",
        *,
        settings: Settings | None = None,
        store: MemorySessionStore | None = None,
    ) -> None:
        self.key = key
        self.clock = VirtualClock()
        self.metrics = MemoryMetrics()
        self.settings = settings or Settings()
        self.store = store or MemorySessionStore()
        self.emitted: list[Record] = []
        self.acked: list[Record] = []
        self.fenced = False
        #: Whether its operator is to find that an earlier one of its key was fenced.
        self.displaced = False
        #: How far (s) the reader's tip is behind the loop's time; None for a reader that is not at its tip.
        self.tip_lag: float | None = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._actions: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._acting = False
        self._stage = stage
        self.operator = stage.operator(self)

    @property
    def tip(self) -> float | None:
        return None if self.tip_lag is None else asyncio.get_running_loop().time() - self.tip_lag

    async def start(self) -> OperatorHarness:
        """Starts the operator."""
        self.spawn(self._act())
        await self.operator.start()
        return self

    async def send(self, *records: Record, every: float = 0.0) -> None:
        """Hands the operator the records, `every` s apart."""
        for record in records:
            await self.operator.process(Input(record, self.clock.now()))
            await asyncio.sleep(every)

    async def close(self, closing: Closing = Closing.SHUTDOWN) -> None:
        """Closes the operator and ends its tasks; raises what one of them raised."""
        await self.operator.close(closing)
        await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    def emit(self, stream: StreamName, record: Record) -> None:
        if not self.fenced:
            self.emitted.append(record)

    def ack(self, received: Input) -> None:
        if self._acting or self._actions.qsize():
            self.then(partial(self._ack, received))
        elif not self.fenced:
            self.acked.append(received.record)

    def then(self, action: Callable[[], Awaitable[None]]) -> None:
        self._actions.put_nowait(action)

    def dead_letter(
        self,
        error: str,
        received: Input | None = None,
        *,
        language: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> None:
        letter = DeadLetter(
            session=self.key.partition("/")[0],
            captured_at=self.clock.now(),
            stage=self._stage.name,
            error=error,
            language=language,
            start=start,
            end=end,
        )
        self.emit(StreamName.DEAD_LETTERS, letter)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    def fence(self) -> None:
        self.fenced = True

    def regain(self) -> None:
        self.displaced = False

    async def _act(self) -> None:
        while True:
            action = await self._actions.get()
            self._acting = True
            await action()
            self._acting = False

    async def _ack(self, received: Input) -> None:
        if not self.fenced:
            self.acked.append(received.record)
