"""Idempotency tokens: a write whose answer was lost is known for one's own when it is retried."""

from __future__ import annotations

from collections.abc import Hashable
from uuid import uuid4

#: Tokens remembered at most: that of a write that nobody retries, as a fenced writer's, would be kept for ever.
_LIMIT = 1000


class IdempotencyTokens:
    """A token for each write, which it leaves in the item; a retried write has the token of the last attempt."""

    def __init__(self) -> None:
        self._lost: dict[Hashable, str] = {}

    def token_for(self, write: Hashable) -> str:
        """The token for an attempt at this write."""
        return self._lost.pop(write, "") or uuid4().hex

    def lost(self, write: Hashable, token: str) -> None:
        """The answer to the attempt with this token was lost: it may have taken effect."""
        self._lost[write] = token
        if len(self._lost) > _LIMIT:
            del self._lost[next(iter(self._lost))]
