"""Which inputs of a shard are released."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Place:
    """One input's place in its shard."""

    sequence: int
    size: int
    released: bool = False


class Ledger:
    """The inputs that a shard has given out, in order; says up to where all of them are released."""

    def __init__(self) -> None:
        self._open: deque[Place] = deque()
        #: The sequence number up to which every input is released; None before the first.
        self.low_water: int | None = None
        #: Bytes of the inputs not released.
        self.held = 0

    @property
    def settled(self) -> bool:
        """Whether every input given out so far is released."""
        return not self._open

    def add(self, sequence: int, size: int) -> Place:
        """Notes the next input."""
        place = Place(sequence, size)
        self._open.append(place)
        self.held += size
        return place

    def release(self, place: Place) -> None:
        """Notes that an input is needed no more."""
        self.held -= place.size
        place.released = True
        while self._open and self._open[0].released:
            self.low_water = self._open.popleft().sequence
