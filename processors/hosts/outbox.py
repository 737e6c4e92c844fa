"""The first-in-first-out queue that an operator's emissions, releases and actions pass through."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from processors.hosts.publisher import Publisher
from shared.streams import Entry, StreamName

Action = Callable[[], Awaitable[None]]
#: The most records published in one go.
_RUN = 500


@dataclass(slots=True, eq=False)
class Emission:
    """A record on its way out; durable once each of its `waits` is over."""

    stream: StreamName
    #: What is published; None where only a fused stage takes the record.
    entry: Entry | None
    #: Who must still confirm: the stream it is published to, the fused stage that consumes it, or both.
    waits: int = 1
    durable: asyncio.Event = field(default_factory=asyncio.Event)

    def confirm(self) -> None:
        """One of those it waits for is done with it."""
        self.waits -= 1
        if not self.waits:
            self.durable.set()


class Outbox:
    """Publishes emissions in order, and runs each action once everything emitted before it is durable.

    A release is an action like any other. Publishing never waits for actions. An action that raises is reported to
    `on_error`, and the queue goes on.
    """

    def __init__(self, publisher: Publisher, on_error: Callable[[Exception], None]) -> None:
        self._publisher = publisher
        self._on_error = on_error
        self._unpublished: deque[Emission] = deque()
        self._queue: deque[Emission | Action] = deque()
        self._emitted = asyncio.Event()
        self._queued = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._all_published = asyncio.Event()
        self._all_published.set()
        self._fenced = False

    def emit(self, emission: Emission) -> None:
        """Puts an emission in the queue."""
        if self._fenced:
            return
        if emission.entry is not None:
            self._unpublished.append(emission)
            self._all_published.clear()
            self._emitted.set()
        self._put(emission)

    def then(self, action: Action) -> None:
        """Puts an action in the queue."""
        if not self._fenced:
            self._put(action)

    def fence(self) -> None:
        """Drops what waits, and everything that comes from now on."""
        self._fenced = True
        for emission in self._unpublished:
            # It will never be durable, but what waits for it must not wait for ever.
            emission.durable.set()
        self._unpublished.clear()
        self._queue.clear()

    async def published(self) -> None:
        """Returns once every emission for a stream is on it."""
        await self._all_published.wait()

    async def drained(self) -> None:
        """Returns once everything put in has gone out."""
        await self._idle.wait()

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish())
            group.create_task(self._settle())

    def _put(self, entry: Emission | Action) -> None:
        self._queue.append(entry)
        self._idle.clear()
        self._queued.set()

    async def _publish(self) -> None:
        while True:
            await self._emitted.wait()
            self._emitted.clear()
            while self._unpublished:
                # In a method of its own: what is out must not be kept here until more comes, which may be long.
                await self._publish_run()
            self._all_published.set()

    async def _publish_run(self) -> None:
        run = [self._unpublished.popleft() for _ in range(min(_RUN, len(self._unpublished)))]
        await self._publisher.publish_all((e.stream, e.entry) for e in run if e.entry is not None)
        for emission in run:
            emission.confirm()

    async def _settle(self) -> None:
        while True:
            await self._queued.wait()
            self._queued.clear()
            while self._queue:
                await self._settle_next(self._queue.popleft())
            self._idle.set()

    async def _settle_next(self, entry: Emission | Action) -> None:
        if isinstance(entry, Emission):
            await entry.durable.wait()
            return
        try:
            await entry()
        except Exception as error:
            self._on_error(error)
