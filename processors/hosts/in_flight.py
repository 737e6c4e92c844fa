"""Which inputs of a shard are released."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class InFlightRecord:
    """One input's place in its shard."""

    sequence: int
    #: Epoch ms at which it arrived in the stream.
    arrived_at: int
    released: bool = False


class InFlight:
    """The inputs that a shard has given out, in order; says up to where all of them are released."""

    def __init__(self) -> None:
        self._open: deque[InFlightRecord] = deque()
        #: The sequence number up to which every input is released; None before the first.
        self.low_water: int | None = None

    @property
    def settled(self) -> bool:
        """Whether every input given out so far is released."""
        return not self._open

    @property
    def oldest(self) -> int | None:
        """When (epoch ms) the oldest input arrived that is not released; None where there is none."""
        return self._open[0].arrived_at if self._open else None

    def add(self, sequence: int, arrived_at: int) -> InFlightRecord:
        """Notes the next input."""
        place = InFlightRecord(sequence, arrived_at)
        self._open.append(place)
        return place

    def release(self, place: InFlightRecord) -> None:
        """Notes that an input is needed no more."""
        place.released = True
        while self._open and self._open[0].released:
            self.low_water = self._open.popleft().sequence
