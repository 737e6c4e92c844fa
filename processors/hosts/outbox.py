"""The queue that an operator's emissions, acks and actions pass through."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from processors.hosts.in_flight import Emission, InFlightRecord
from processors.hosts.key_queue import Divert, KeyQueue
from processors.hosts.parking import Parking
from processors.hosts.publisher import Publisher
from shared.errors import RefusedTooLong
from shared.streams import StreamName

log = logging.getLogger(__name__)

Action = Callable[[], Awaitable[None]]
#: Starts a task; where one raises that is a fault of the host.
StartTask = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Outbox:
    """Publishes the emissions of each partition key in order, and settles everything in the order it was put in.

    An action runs, and an ack counts, once everything emitted before it is durable and every earlier action is
    over. Emissions of different keys wait for nobody, and none waits for actions. `on_ack` is called for each
    ack that counts, before the record itself is acked; an action that raises is reported to `on_error`, and the queue
    goes on. Where nothing is on its way there is no task.
    """

    __slots__ = (
        "_acting",
        "_changed",
        "_divert",
        "_fenced",
        "_on_ack",
        "_on_error",
        "_parking",
        "_publisher",
        "_queues",
        "_start_task",
        "_unsettled",
    )

    def __init__(
        self,
        publisher: Publisher,
        parking: Parking,
        start_task: StartTask,
        divert: Divert,
        on_ack: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._publisher = publisher
        self._parking = parking
        self._start_task = start_task
        self._divert = divert
        self._on_ack = on_ack
        self._on_error = on_error
        #: What is not settled yet; a record stands for its ack.
        self._unsettled: deque[Emission | Action | InFlightRecord] = deque()
        self._queues: dict[tuple[StreamName, str], KeyQueue] = {}
        self._acting: asyncio.Task[None] | None = None
        self._changed: asyncio.Event | None = None
        self._fenced = False

    @property
    def idle(self) -> bool:
        """Whether everything put in has gone out."""
        return not self._unsettled and self._acting is None

    def emit(self, emission: Emission) -> None:
        """Puts an emission in the queue."""
        if self._fenced:
            return
        emission.on_durable = self._settle
        emission.since = asyncio.get_running_loop().time()
        self._unsettled.append(emission)
        if emission.entry is None:
            return
        key = emission.stream, emission.entry.key
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = KeyQueue(emission.stream, self._publisher, self._parking, self._divert)
            queue.task = self._start_task(self._publish(key, queue))
        queue.add(emission)

    def ack(self, in_flight: InFlightRecord) -> None:
        """Puts the record's ack in the queue."""
        if not self._fenced:
            self._unsettled.append(in_flight)
            self._settle()

    def then(self, action: Action) -> None:
        """Puts an action in the queue."""
        if not self._fenced:
            self._unsettled.append(action)
            self._settle()

    def fence(self) -> None:
        """Drops what waits, and everything that comes from now on; an action that runs goes on until `close`."""
        self._fenced = True
        self._unsettled.clear()
        for queue in self._queues.values():
            queue.drop()
            if queue.task is not None:
                queue.task.cancel()

    async def published(self) -> None:
        """Returns once every emission for a stream is on it."""
        while self._queues:
            await self._change()

    async def drained(self) -> None:
        """Returns once everything put in has gone out."""
        while not self.idle:
            await self._change()

    async def close(self) -> None:
        """Ends everything where it stands; what is not out is dropped."""
        tasks = {queue.task for queue in self._queues.values() if queue.task is not None}
        if self._acting is not None:
            tasks.add(self._acting)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for queue in self._queues.values():
            queue.drop()
        self._queues.clear()

    async def _publish(self, key: tuple[StreamName, str], queue: KeyQueue) -> None:
        await queue.run()
        del self._queues[key]
        self._tell()

    def _settle(self) -> None:
        if self._acting is None and (action := self._next()) is not None:
            self._acting = self._start_task(self._act(action))

    def _next(self) -> Action | None:
        """Settles what can be, and gives the action that is to run next, if one is."""
        while self._unsettled:
            entry = self._unsettled[0]
            if isinstance(entry, Emission):
                if entry.unconfirmed:
                    return None
                self._unsettled.popleft()
                continue
            self._unsettled.popleft()
            if not isinstance(entry, InFlightRecord):
                return entry
            self._on_ack()
            entry.ack()
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
