"""The newest records that a cursor has read, for readers that join later."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import dropwhile

from shared.streams.base import OLDEST, Edge, Item, Start

#: Bytes of records that are kept for those who join later.
_MAX_BYTES = 8 << 20


class ReplayBuffer:
    """Every record from a position on, up to the last one read; the position moves on as old records are dropped."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._items: deque[Item] = deque()
        self._size = 0
        self._dropped = 0

    def add(self, items: Sequence[Item]) -> None:
        """Takes what was read next."""
        self._items.extend(items)
        self._size += sum(len(item.data) for item in items)
        while self._size > _MAX_BYTES:
            dropped = self._items.popleft()
            self._size -= len(dropped.data)
            self._dropped = dropped.sequence
            self._start = Start(after=dropped.sequence)

    def reaches(self, start: Start) -> bool:
        """Whether nothing that stands behind `start` was dropped."""
        return not self._dropped or (start.after is not None and start.after >= self._dropped)

    def covers(self, start: Start) -> bool:
        """Whether everything from `start` on, as far as it was read, is here."""
        if start.edge is Edge.LATEST or self._start == OLDEST:
            return True
        if start.after is not None:
            first = self._start.after if self._start.after is not None else self._first_sequence
            return first is not None and start.after >= first
        if start.at is not None:
            # Records stand in the order in which they arrived.
            if self._start.at is not None and start.at >= self._start.at:
                return True
            return bool(self._items) and start.at > self._items[0].arrived_at
        return False

    def since(self, start: Start) -> list[Item]:
        """What is here from `start` on."""
        return [] if start.edge is Edge.LATEST else behind(start, self._items)

    @property
    def _first_sequence(self) -> int | None:
        return self._items[0].sequence if self._items else None


def behind(start: Start, items: Iterable[Item]) -> list[Item]:
    """Those of the items that stand behind `start`, wherever they were read."""
    if start.after is not None:
        return [item for item in items if item.sequence > start.after]
    if (at := start.at) is not None:
        # Arrival times are approximate: from the first that is late enough on, all count.
        return list(dropwhile(lambda item: item.arrived_at < at, items))
    return list(items)
