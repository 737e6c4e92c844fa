"""Which partition keys must wait before they are tried again."""

from __future__ import annotations

import re

from shared.backoff import backoff

_THROTTLED = "ProvisionedThroughputExceededException"
#: A refusal for throughput names the shard in its message.
_SHARD = re.compile(r"shardId-\d+")
#: Keys whose shard is remembered; forgetting them all costs no more than a few refusals.
_REMEMBERED = 10_000


class Pauses:
    """A throttled shard pauses the keys that are known to lie on it; any other refusal pauses its own key.

    Times are loop time in s.
    """

    def __init__(self) -> None:
        self._shards: dict[str, str] = {}
        #: Shard or key -> when its pause is over.
        self._until: dict[tuple[str, str], float] = {}

    def written(self, key: str, shard: str) -> None:
        """The stream took a record of the key, on this shard."""
        if len(self._shards) >= _REMEMBERED:
            self._shards.clear()
        self._shards[key] = shard

    def refused(self, key: str, code: str, message: str, refusals: int, now: float) -> None:
        """The stream refused a record of the key, for the `refusals`-th time in a row."""
        paused = ("key", key)
        if code == _THROTTLED:
            if named := _SHARD.search(message):
                self._shards[key] = named[0]
            if key in self._shards:
                paused = ("shard", self._shards[key])
        self._until[paused] = max(self._until.get(paused, 0.0), now + backoff(refusals))

    def over(self, key: str, now: float) -> bool:
        """Whether the key may be tried."""
        lying = ("key", key), ("shard", self._shards.get(key, ""))
        return all(self._until.get(paused, 0.0) <= now for paused in lying)

    def next(self, now: float) -> float | None:
        """When the next pause is over; None where there is none. Forgets those that are over."""
        self._until = {paused: until for paused, until in self._until.items() if until > now}
        return min(self._until.values(), default=None)
