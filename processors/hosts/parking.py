"""What one key holds, and whether a stream or the store refuses something of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from processors.hosts.backpressure import Backpressure

log = logging.getLogger(__name__)

#: Bytes that a key holds at most: inputs not acked and outputs not published. About 24 minutes of 16 kHz speech, as
#: parked outputs hold it, so that MAX_PARK comes first for any live session.
MAX_KEY_BYTES = 64 << 20
#: Seconds that an output is waited for even where many inputs wait: in a backlog they come at once, and a refusal that
#: is soon over costs nothing.
_LEAST_PARK = 60.0


class Parking:
    """What one key of one stage holds, and the refusals that it waits out, for `max_park` s each at most.

    No output is waited for longer than a minute where there are `most_inputs` inputs that are not acked.
    """

    __slots__ = ("_backpressure", "_max_park", "_most_inputs", "_name", "_unparked_at", "_waits", "held", "inputs")

    def __init__(
        self, name: str, backpressure: Backpressure, max_park: float, most_inputs: float = float("inf")
    ) -> None:
        self._name = name
        self._backpressure = backpressure
        self._max_park = max_park
        self._most_inputs = most_inputs
        self._waits = 0
        #: Bytes of inputs not acked and of outputs not published.
        self.held = 0
        #: How many inputs are not acked.
        self.inputs = 0
        self._unparked_at = float("-inf")

    @property
    def parked(self) -> bool:
        """Whether a refusal is being waited out."""
        return self._waits > 0

    @property
    def excused_until(self) -> float:
        """Loop time (s) until which a refusal was waited out, where one ever was: infinite while one is."""
        return float("inf") if self._waits else self._unparked_at

    @property
    def crowded(self) -> bool:
        """Whether the key holds more than it may."""
        return self.held > MAX_KEY_BYTES

    def hold(self, size: int) -> None:
        """Notes so many bytes as held."""
        self.held += size
        self._backpressure.held += size

    def free(self, size: int) -> None:
        """Notes so many bytes as held no more."""
        self.held -= size
        self._backpressure.held -= size

    def overdue(self, since: float) -> bool:
        """Whether what has waited since that loop time (s) is not to wait any longer."""
        return self.crowded or self.aged(since)

    def hurried(self, since: float) -> bool:
        """Whether so many inputs wait that what has waited since that loop time (s) may hold them up no longer."""
        return self.inputs >= self._most_inputs and asyncio.get_running_loop().time() - since >= _LEAST_PARK

    def aged(self, since: float) -> bool:
        """Whether it has waited since that loop time (s) for as long as anything may be parked."""
        return asyncio.get_running_loop().time() - since >= self._max_park

    @contextmanager
    def waiting(self, error: Exception) -> Iterator[None]:
        """Marks the key as parked for the block, which waits out this refusal."""
        if not self._waits:
            log.warning("%s: refused, trying again: %s", self._name, error)
        self._waits += 1
        self._backpressure.parked.add(self)
        try:
            yield
            if self._waits == 1:
                log.warning("%s: nothing is refused any more", self._name)
        finally:
            self._waits -= 1
            self._unparked_at = asyncio.get_running_loop().time()
            if not self._waits:
                self._backpressure.parked.discard(self)
