"""Backpressure: where a host stops reading, what it tries again until it is available, and what ends it as a whole."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol, TypeVar

from processors.hosts.availability import Availability
from shared.backoff import delays
from shared.errors import SetupError, StoreUnavailable, StreamUnavailable

log = logging.getLogger(__name__)

Returned = TypeVar("Returned")

#: Bytes that a host holds at most: inputs not acked and outputs not published, of all its shards. Two minutes of
#: 16 kHz speech hold about 5.3 MB, so 48 sessions may be parked for two minutes each before anybody else waits.
MAX_HELD_BYTES = 256 << 20
#: Seconds between two looks at whether reading may go on.
_LOOK = 0.1
#: Seconds after which a batch is read though a stream or the store seems to answer nothing: it may bring a key that
#: is answered.
_PROBE = 5.0


class ParkedKey(Protocol):
    """A key of which a stream or the store refuses something."""

    #: Bytes of its inputs that are not acked, and of its outputs that are not published.
    held: int


class Backpressure:
    """Counts what the host holds, and says when it may read on.

    What is refused parks its own key. Only where the host holds too much, or a whole stream or the store answers
    nothing, is nothing more read. `on_fault` is told what ends the host.
    """

    def __init__(self, on_fault: Callable[[Exception], None]) -> None:
        self._on_fault = on_fault
        self._availability: defaultdict[str, Availability] = defaultdict(Availability)
        #: Bytes of inputs not acked and of outputs not published.
        self.held = 0
        #: The keys of which a stream or the store refuses something.
        self.parked: set[ParkedKey] = set()

    def availability(self, name: str) -> Availability:
        """Whether a stream or the store, of this name, answers."""
        return self._availability[name]

    @property
    def full(self) -> bool:
        """Whether the host holds too much."""
        return self.held > MAX_HELD_BYTES

    @property
    def blocked(self) -> bool:
        """Whether a stream or the store refuses anything, or too much is held."""
        return self.full or bool(self.parked)

    @property
    def parked_bytes(self) -> int:
        """Bytes held by the keys that are parked."""
        return sum(parking.held for parking in self.parked)

    async def until_room(self) -> None:
        """Returns once the host does not hold too much."""
        await self.until(lambda: not self.full)

    async def until_answered(self) -> None:
        """Returns once every stream and the store answer somebody, or after 5 s, to see whether they do."""
        time = asyncio.get_running_loop().time
        probe = time() + _PROBE
        await self.until(lambda: time() >= probe or not any(one.is_down for one in self._availability.values()))

    async def until(self, ready: Callable[[], bool]) -> None:
        """Returns once reading may go on, as `ready` says: it is asked ten times a second."""
        while True:
            if ready():
                return
            await asyncio.sleep(_LOOK)

    async def fail(self, error: Exception) -> NoReturn:
        """Ends the host, since what failed is no record's fault; what ran into it goes no further."""
        self._on_fault(error)
        await asyncio.get_running_loop().create_future()
        raise error


async def retry_until_available(attempt: Callable[[], Awaitable[Returned]], backpressure: Backpressure) -> Returned:
    """What `attempt` returns once a stream or store no longer refuses it; for what belongs to no key.

    What only whoever runs it can mend ends the host.
    """
    try:
        try:
            return await attempt()
        except (StreamUnavailable, StoreUnavailable) as error:
            log.warning("refused, trying again: %s", error)
        for wait in delays(most=5.0):
            await asyncio.sleep(wait)
            try:
                returned = await attempt()
            except (StreamUnavailable, StoreUnavailable):
                continue
            log.warning("no longer refused")
            return returned
        raise AssertionError("delays never end")
    except SetupError as error:
        await backpressure.fail(error)
