"""The emissions of one partition key of one stream, which wait for nobody else's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice

from processors.hosts.in_flight import Emission
from processors.hosts.parking import Parking
from processors.hosts.publisher import Publisher
from shared.backoff import delays
from shared.errors import StreamUnavailable
from shared.streams import StreamName

#: The most records published in one go.
_RUN = 500

#: Writes a dead letter for an emission that was refused with this error; False where that is refused too.
Divert = Callable[[Emission, Exception], Awaitable[bool]]


class KeyQueue:
    """Publishes emissions in order.

    One that was refused for as long as its key may be parked is diverted to the dead letters, whichever of the two is
    taken first; a dead letter itself is published, however long that takes.
    """

    __slots__ = ("_divert", "_parking", "_publisher", "_stream", "task", "waiting")

    def __init__(self, stream: StreamName, publisher: Publisher, parking: Parking, divert: Divert) -> None:
        self._stream = stream
        self._publisher = publisher
        self._parking = parking
        self._divert = divert
        #: What is not published yet, in order.
        self.waiting: deque[Emission] = deque()
        #: What publishes it.
        self.task: asyncio.Task[None] | None = None

    def add(self, emission: Emission) -> None:
        """Puts an emission at the end."""
        assert emission.entry is not None
        self.waiting.append(emission)
        self._parking.hold(len(emission.entry.data))

    def drop(self) -> None:
        """Forgets what waits."""
        while self.waiting:
            self._pop()

    async def run(self) -> None:
        """Returns once nothing waits any more."""
        while self.waiting:
            # In a method of its own: what is out must not be kept here while the rest goes out, which may take long.
            await self._publish()

    async def _publish(self) -> None:
        run = list(islice(self.waiting, _RUN))
        try:
            await self._publisher.write(self._stream, [e.entry for e in run if e.entry is not None])
        except StreamUnavailable as error:
            with self._parking.waiting(error):
                await self._retry(error)
        else:
            for _ in run:
                self._pop().confirm()

    async def _retry(self, error: Exception) -> None:
        """Gets one emission out after all, and diverts those before it that have waited too long."""
        for wait in delays(most=5.0):
            await asyncio.sleep(wait)
            while self._overdue() and await self._divert(self.waiting[0], error):
                self._pop().confirm()
            if not self.waiting:
                return
            # Alone: of several, those taken before the refused one would be written again with each try.
            entry = self.waiting[0].entry
            assert entry is not None
            try:
                await self._publisher.write(self._stream, [entry])
            except StreamUnavailable as again:
                error = again
            else:
                self._pop().confirm()
                return

    def _overdue(self) -> bool:
        if self._stream is StreamName.DEAD_LETTERS or not self.waiting:
            return False
        since = self.waiting[0].since
        return self._parking.hurried(since) or self._parking.overdue(since)

    def _pop(self) -> Emission:
        emission = self.waiting.popleft()
        assert emission.entry is not None
        self._parking.free(len(emission.entry.data))
        return emission
