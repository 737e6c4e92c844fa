"""Writes whose answers were lost: how they are known for one's own when they are tried again."""

from __future__ import annotations

from collections.abc import Hashable
from uuid import uuid4

#: Attempts remembered at most: one that nobody repeats, such as a fenced writer's, would else be kept for ever.
_MOST = 1000


class IdempotencyTokens:
    """A mark for each write, which it leaves in the item; a write that is repeated has the mark of the last try."""

    def __init__(self) -> None:
        self._lost: dict[Hashable, str] = {}

    def begin(self, write: Hashable) -> str:
        """The mark for a try at this write."""
        return self._lost.pop(write, "") or uuid4().hex

    def lost(self, write: Hashable, mark: str) -> None:
        """Nobody knows whether the try with this mark took effect."""
        self._lost[write] = mark
        if len(self._lost) > _MOST:
            del self._lost[next(iter(self._lost))]
