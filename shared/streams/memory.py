"""A stream in this process's memory, sharded by key as Kinesis does it, with bounded retention."""

from __future__ import annotations

import asyncio
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from shared.clock import Clock, SystemClock
from shared.loop_affinity import LoopAffinity
from shared.streams.base import Batch, Edge, Entry, Item, Shard, ShardReader, Start, Stream

_KEY_SPACE = 1 << 128
#: The most entries one read returns.
_BATCH = 1000
#: Seconds for which a read waits: for the first of these after something was read, and later on.
_POLL, _LIVELY, _IDLE_POLL = 0.25, 5.0, 1.0


@dataclass(eq=False)
class _MemoryShard:
    id: str
    first_hash: int
    last_hash: int
    parents: tuple[str, ...] = ()
    closed: bool = False
    items: list[Item] = field(default_factory=list)
    #: How many items were trimmed; an item's position is that plus its index.
    trimmed: int = 0
    retainers: set[_MemoryReader] = field(default_factory=set)

    def position(self, start: Start) -> int:
        """The position of the first item that `start` covers."""
        if start.edge is Edge.LATEST:
            return self.trimmed + len(self.items)
        if start.after is not None:
            return self.trimmed + bisect_right(self.items, start.after, key=lambda item: item.sequence)
        if start.at is not None:
            return self.trimmed + bisect_left(self.items, start.at, key=lambda item: item.arrived_at)
        return self.trimmed


class MemoryStream(Stream):
    """A Stream for one process.

    It retains the entries of the last `retention_ms`, and what a retaining reader has not acked. Backpressure:
    `publish` waits while such a reader has more than `capacity` bytes to read, so a fast writer cannot outrun a stage.
    It asks `clock` once and goes on by the loop's: its time does not step, and arrival times never fall.
    Its methods raise WrongEventLoop on another event loop than the first that used it, unless that is closed.
    """

    def __init__(
        self,
        name: str,
        *,
        shards: int = 1,
        retention_ms: int = 120_000,
        capacity: int = 64 << 20,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self._retention_ms = retention_ms
        self._capacity = capacity
        self._clock = clock or SystemClock()
        #: Its epoch ms less the loop's time in ms, and the newest it has told.
        self._ahead: float | None = None
        self._told = 0
        self._newest = 0
        self._sequences = count(1)
        self._ids = count()
        self._affinity = LoopAffinity("a stream in memory is for one event loop alone")
        self._changed = asyncio.Event()
        self._shards: dict[str, _MemoryShard] = {}
        for index in range(shards):
            self._open(_KEY_SPACE * index // shards, _KEY_SPACE * (index + 1) // shards - 1)

    async def publish(self, entries: Sequence[Entry]) -> None:
        self._affinity.bind(f"stream {self.name}")
        for entry in entries:
            if not entry.key:
                raise ValueError(f"{self.name}: expected a partition key, got an empty one")
            entry.check()
        for key, data in entries:
            if self._unread() > self._capacity:
                # Those it waits for may themselves be waiting for the entries before this one.
                self._notify()
            while self._unread() > self._capacity:
                await self._changed.wait()
            shard = self._shard_of(key)
            self._newest = self._now()
            shard.items.append(Item(next(self._sequences), data, self._newest))
            for reader in shard.retainers:
                reader.unread += len(data)
        for shard in self._shards.values():
            self._trim(shard)
        self._notify()

    async def shards(self) -> Sequence[Shard]:
        self._affinity.bind(f"stream {self.name}")
        # A closed shard without entries is listed as long as a parent is: its children must wait for that one.
        listed: dict[str, Shard] = {}
        for shard in self._shards.values():
            if shard.items or not shard.closed or not listed.keys().isdisjoint(shard.parents):
                listed[shard.id] = Shard(shard.id, shard.parents)
        return list(listed.values())

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        self._affinity.bind(f"stream {self.name}")
        source = self._shards[shard]
        now = self._now()
        # What comes in this very millisecond is not taken for what stands there: it arrives a millisecond later.
        opened_at = self._told = max(now, self._newest + 1)
        reader = _MemoryReader(self, source, source.position(start.by(now)), opened_at)
        if retain:
            source.retainers.add(reader)
        return reader

    def split(self, shard: str) -> None:
        """Closes the shard and opens two children, each with half of its keys."""
        parent = self._close(shard)
        middle = (parent.first_hash + parent.last_hash) // 2
        self._open(parent.first_hash, middle, parent.id)
        self._open(middle + 1, parent.last_hash, parent.id)

    def merge(self, left: str, right: str) -> None:
        """Closes two neighbouring shards and opens one child with the keys of both."""
        first, second = self._close(left), self._close(right)
        self._open(min(first.first_hash, second.first_hash), max(first.last_hash, second.last_hash), left, right)

    def retained(self) -> int:
        """How many bytes of entries it holds now."""
        return sum(len(item.data) for shard in self._shards.values() for item in shard.items)

    def _now(self) -> int:
        """Epoch ms by the stream's own clock."""
        elapsed = asyncio.get_running_loop().time() * 1000
        if self._ahead is None:
            self._ahead = self._clock.now() - elapsed
        self._told = max(self._told, round(self._ahead + elapsed))
        return self._told

    def _open(self, first_hash: int, last_hash: int, *parents: str) -> None:
        shard = _MemoryShard(f"shard-{next(self._ids):06}", first_hash, last_hash, parents)
        self._shards[shard.id] = shard

    def _close(self, shard: str) -> _MemoryShard:
        closing = self._shards[shard]
        closing.closed = True
        self._notify()
        return closing

    def _shard_of(self, key: str) -> _MemoryShard:
        hashed = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest())
        return next(s for s in self._shards.values() if not s.closed and s.first_hash <= hashed <= s.last_hash)

    def _unread(self) -> int:
        return max((reader.unread for shard in self._shards.values() for reader in shard.retainers), default=0)

    def _trim(self, shard: _MemoryShard) -> None:
        oldest = self._now() - self._retention_ms
        acked = min((reader.acked for reader in shard.retainers), default=shard.trimmed + len(shard.items))
        surplus = min(shard.position(Start(at=oldest)), acked) - shard.trimmed
        # A list gives up its head in time proportional to its length, so wait until the head is half of it.
        if surplus * 2 > len(shard.items):
            del shard.items[:surplus]
            shard.trimmed += surplus

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class _MemoryReader(ShardReader):
    """A position in one shard of a MemoryStream."""

    def __init__(self, stream: MemoryStream, shard: _MemoryShard, position: int, opened_at: int) -> None:
        self._stream = stream
        self._shard = shard
        self._position = position
        self._opened_at = opened_at
        self._began = False
        #: Loop time (s) at which it read something last.
        self._read_at = asyncio.get_running_loop().time()
        self.acked = position
        self.unread = sum(len(item.data) for item in shard.items[position - shard.trimmed :])

    async def read(self) -> Batch:
        shard = self._shard
        if self._began:
            await self._something()
        self._began = True
        self._position = max(self._position, shard.trimmed)
        first = self._position - shard.trimmed
        items = shard.items[first : first + _BATCH]
        self._position += len(items)
        if items:
            self._read_at = asyncio.get_running_loop().time()
            self.unread -= sum(len(item.data) for item in items)
        self._stream._notify()
        at_tip = self._position == shard.trimmed + len(shard.items)
        return Batch(items, ended=shard.closed and at_tip, at_tip=at_tip, opened_at=self._opened_at)

    async def _something(self) -> None:
        """Waits for something to read, and not for ever: a reader is told again that nothing came."""
        shard = self._shard
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL if self._lively else _IDLE_POLL):
                while self._position >= shard.trimmed + len(shard.items) and not shard.closed:
                    await self._stream._changed.wait()

    @property
    def _lively(self) -> bool:
        """Whether something was read just now."""
        return asyncio.get_running_loop().time() - self._read_at < _LIVELY

    def ack_until(self, sequence: int) -> None:
        self.acked = max(self.acked, self._shard.position(Start(after=sequence)))

    def close(self) -> None:
        self._shard.retainers.discard(self)
        self._stream._notify()
