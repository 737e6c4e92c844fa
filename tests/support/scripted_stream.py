"""A stream of the scripted Kinesis: shards of a key space, and the records on them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from tests.support.virtual_time import EPOCH

_KEYS = 1 << 128
#: Sequence numbers have 56 digits.
_FIRST = 49 * 10**54


def now() -> float:
    """Loop time in s."""
    return asyncio.get_running_loop().time()


class Put(NamedTuple):
    """A record that stands on a shard, or wants to; `at` is loop time in s."""

    sequence: int
    key: str
    data: bytes
    at: float
    shard: str


@dataclass(eq=False)
class ScriptedShard:
    id: str
    first: int
    last: int
    parents: tuple[str, ...] = ()
    closed: bool = False
    records: list[Put] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)

    def place(self, kind: str, parameters: Mapping[str, Any]) -> int:
        if kind == "LATEST":
            return len(self.records)
        if kind == "AFTER_SEQUENCE_NUMBER":
            return sum(written.sequence <= int(parameters["StartingSequenceNumber"]) for written in self.records)
        if kind == "AT_TIMESTAMP":
            at = parameters["Timestamp"]
            since = (at.timestamp() if isinstance(at, datetime) else at) - EPOCH / 1000
            # Arrival times need not rise.
            found = (place for place, put in enumerate(self.records) if round(put.at, 3) >= round(since, 3))
            return next(found, len(self.records))
        assert kind == "TRIM_HORIZON", kind
        return 0


class ScriptedStream:
    """A stream of an account; `refuse` says with which code and message a single record is refused."""

    def __init__(self, name: str, shards: int) -> None:
        self.name = name
        self.shards: dict[str, ScriptedShard] = {}
        self.refuse: Callable[[Put], tuple[str, str] | None] = lambda put: None
        self.ready_at = self.gone_at = float("inf")
        self._sequences = count(_FIRST + 1)
        for index in range(shards):
            self._add(_KEYS * index // shards, _KEYS * (index + 1) // shards - 1, ())

    def _add(self, first: int, last: int, parents: tuple[str, ...]) -> str:
        shard = ScriptedShard(f"shardId-{len(self.shards):012}", first, last, parents)
        self.shards[shard.id] = shard
        return shard.id

    @property
    def open(self) -> list[ScriptedShard]:
        """The open shards, in the order of their keys."""
        return sorted((shard for shard in self.shards.values() if not shard.closed), key=lambda shard: shard.first)

    @property
    def status(self) -> str:
        if self.gone_at < float("inf"):
            return "DELETING"
        return "CREATING" if now() < self.ready_at else "ACTIVE"

    def split(self, parent: str) -> tuple[str, str]:
        """Splits a shard in the middle; the ids of its children."""
        shard = self.shards[parent]
        shard.closed = True
        middle = (shard.first + shard.last) // 2
        return self._add(shard.first, middle, (parent,)), self._add(middle + 1, shard.last, (parent,))

    def merge(self, lower: str, upper: str) -> str:
        """Merges two neighbours; the id of their child."""
        parents = self.shards[lower], self.shards[upper]
        assert parents[0].last + 1 == parents[1].first
        for shard in parents:
            shard.closed = True
        return self._add(parents[0].first, parents[1].last, (lower, upper))

    def shard_of(self, key: str) -> ScriptedShard:
        place = int.from_bytes(hashlib.md5(key.encode()).digest())
        return next(shard for shard in self.open if shard.first <= place <= shard.last)

    def put(self, key: str, data: bytes) -> dict[str, Any]:
        """Writes or refuses one record, as an entry of a PutRecords answer tells it."""
        shard = self.shard_of(key)
        put = Put(next(self._sequences), key, data, now(), shard.id)
        if refused := self.refuse(put):
            return {"ErrorCode": refused[0], "ErrorMessage": refused[1]}
        shard.records.append(put)
        return {"ShardId": shard.id, "SequenceNumber": str(put.sequence)}

    def written(self, key: str) -> list[str]:
        """What stands on the stream for the key, in the order in which it was written."""
        found = [record for shard in self.shards.values() for record in shard.records if record.key == key]
        return [record.data.decode() for record in sorted(found, key=lambda record: record.sequence)]
