"""Which partition keys wait before their records are retried."""

from __future__ import annotations

import re

from shared.backoff import backoff

_THROTTLED = "ProvisionedThroughputExceededException"
#: A refusal for throughput names the shard in its message.
_SHARD = re.compile(r"shardId-\d+")
#: Keys whose shard is remembered; forgetting them all costs no more than a few refusals.
_REMEMBERED = 10_000


class KeyBackoff:
    """Backs off per key; where a shard is throttled, all keys that are known to lie on it back off.

    Times are loop time in s.
    """

    def __init__(self) -> None:
        self._shards: dict[str, str] = {}
        #: Shard or key -> when it may be retried.
        self._until: dict[tuple[str, str], float] = {}

    def record_success(self, key: str, shard: str) -> None:
        """The stream took a record of the key, on this shard."""
        if len(self._shards) >= _REMEMBERED:
            self._shards.clear()
        self._shards[key] = shard

    def record_failure(self, key: str, code: str, message: str, refusals: int, now: float) -> None:
        """The stream refused a record of the key, for the `refusals`-th time in a row."""
        backing_off = ("key", key)
        if code == _THROTTLED:
            if named := _SHARD.search(message):
                self._shards[key] = named[0]
            if key in self._shards:
                backing_off = ("shard", self._shards[key])
        self._until[backing_off] = max(self._until.get(backing_off, 0.0), now + backoff(refusals))

    def is_ready(self, key: str, now: float) -> bool:
        """Whether a record of the key may be sent."""
        lying = ("key", key), ("shard", self._shards.get(key, ""))
        return all(self._until.get(backing_off, 0.0) <= now for backing_off in lying)

    def next_ready(self, now: float) -> float | None:
        """When the next key or shard may be retried; None where none backs off. Forgets those that may."""
        self._until = {backing_off: until for backing_off, until in self._until.items() if until > now}
        return min(self._until.values(), default=None)
