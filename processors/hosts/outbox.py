"""The queue that an operator's emissions, releases and actions pass through."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from processors.hosts.emission import Emission
from processors.hosts.ordered_publisher import Bury, OrderedPublisher
from processors.hosts.parking import Parking
from processors.hosts.publisher import Publisher
from shared.errors import RefusedTooLong
from shared.streams import StreamName

log = logging.getLogger(__name__)

Action = Callable[[], Awaitable[None]]
#: Begins a task; where one raises that is a fault of the host.
Begin = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Outbox:
    """Publishes the emissions of each partition key in order, and settles everything in the order it was put in.

    An action runs, and a release counts, once everything emitted before it is durable and every earlier action is
    over. Emissions of different keys wait for nobody, and none waits for actions. `on_release` is called for each
    release that counts; an action that raises is reported to `on_error`, and the queue goes on. Where nothing is on
    its way there is no task.
    """

    __slots__ = (
        "_acting",
        "_begin",
        "_bury",
        "_changed",
        "_fenced",
        "_lines",
        "_on_error",
        "_on_release",
        "_parking",
        "_publisher",
        "_queue",
    )

    def __init__(
        self,
        publisher: Publisher,
        parking: Parking,
        begin: Begin,
        bury: Bury,
        on_release: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._publisher = publisher
        self._parking = parking
        self._begin = begin
        self._bury = bury
        self._on_release = on_release
        self._on_error = on_error
        #: What is not settled yet; None stands for a release.
        self._queue: deque[Emission | Action | None] = deque()
        self._lines: dict[tuple[StreamName, str], OrderedPublisher] = {}
        self._acting: asyncio.Task[None] | None = None
        self._changed: asyncio.Event | None = None
        self._fenced = False

    @property
    def idle(self) -> bool:
        """Whether everything put in has gone out."""
        return not self._queue and self._acting is None

    def emit(self, emission: Emission) -> None:
        """Puts an emission in the queue."""
        if self._fenced:
            return
        emission.on_durable = self._settle
        emission.since = asyncio.get_running_loop().time()
        self._queue.append(emission)
        if emission.entry is None:
            return
        place = emission.stream, emission.entry.key
        line = self._lines.get(place)
        if line is None:
            line = self._lines[place] = OrderedPublisher(emission.stream, self._publisher, self._parking, self._bury)
            line.task = self._begin(self._publish(place, line))
        line.add(emission)

    def release(self) -> None:
        """Puts a release in the queue."""
        if not self._fenced:
            self._queue.append(None)
            self._settle()

    def then(self, action: Action) -> None:
        """Puts an action in the queue."""
        if not self._fenced:
            self._queue.append(action)
            self._settle()

    def fence(self) -> None:
        """Drops what waits, and everything that comes from now on; an action that runs goes on until `close`."""
        self._fenced = True
        self._queue.clear()
        for line in self._lines.values():
            line.drop()
            if line.task is not None:
                line.task.cancel()

    async def published(self) -> None:
        """Returns once every emission for a stream is on it."""
        while self._lines:
            await self._change()

    async def drained(self) -> None:
        """Returns once everything put in has gone out."""
        while not self.idle:
            await self._change()

    async def close(self) -> None:
        """Ends everything where it stands; what is not out is dropped."""
        tasks = {line.task for line in self._lines.values() if line.task is not None}
        if self._acting is not None:
            tasks.add(self._acting)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for line in self._lines.values():
            line.drop()
        self._lines.clear()

    async def _publish(self, place: tuple[StreamName, str], line: OrderedPublisher) -> None:
        await line.run()
        del self._lines[place]
        self._tell()

    def _settle(self) -> None:
        if self._acting is None and (action := self._next()) is not None:
            self._acting = self._begin(self._act(action))

    def _next(self) -> Action | None:
        """Settles what can be, and gives the action that is to run next, if one is."""
        while self._queue:
            entry = self._queue[0]
            if isinstance(entry, Emission):
                if entry.waits:
                    return None
                self._queue.popleft()
                continue
            self._queue.popleft()
            if entry is not None:
                return entry
            self._on_release()
        self._tell()
        return None

    async def _act(self, action: Action | None) -> None:
        while action is not None:
            try:
                await action()
            except RefusedTooLong as error:
                log.warning("what was to follow an output is given up: %s", error)
            except Exception as error:
                self._on_error(error)
            action = self._next()
        self._acting = None
        self._tell()

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        await self._changed.wait()

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None
