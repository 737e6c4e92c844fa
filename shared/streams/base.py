"""The Stream interface: ordered shards of keyed entries, read from a position on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from shared.errors import RecordTooLarge

#: The most bytes of an entry with its key: Kinesis' limit, and so every stream's.
MAX_ENTRY_BYTES = 1 << 20


class Entry(NamedTuple):
    """What is written: an encoded record and its partition key."""

    key: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes that count against the limits of a stream."""
        return len(self.data) + len(self.key.encode())

    def check(self) -> None:
        """Raises RecordTooLarge where no stream takes it."""
        if self.size > MAX_ENTRY_BYTES:
            raise RecordTooLarge(
                f"expected a record of at most {MAX_ENTRY_BYTES:,} bytes with its key, got {self.size:,}"
            )


class Item(NamedTuple):
    """What is read: the bytes, their position in the shard, and the epoch ms at which they arrived there."""

    sequence: int
    data: bytes
    arrived_at: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of the key space; its parents are the shards it was split or merged from."""

    id: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """The next entries of a shard.

    `ended` says that the shard was closed and nothing follows; `at_tip`, that the shard held nothing more when this
    read began. `opened_at` is when the reader took its position, by the clock of `Item.arrived_at` (epoch ms): what had
    arrived by then stands before it; None where the stream does not say. `refused` says why the read failed: nothing
    came, and the next one tries again.
    """

    items: Sequence[Item]
    ended: bool = False
    at_tip: bool = False
    opened_at: int | None = None
    refused: str = ""


class Edge(Enum):
    """The two ends of what a shard retains."""

    OLDEST = "oldest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Start:
    """Where reading begins: at an edge, behind a sequence number, at an arrival time (epoch ms), or `ago` ms ago.

    Both times are the stream's own: what a reader's clock says does not count.
    """

    edge: Edge | None = None
    after: int | None = None
    at: int | None = None
    ago: int | None = None

    def by(self, now: int) -> Start:
        """The same, where the stream's clock (epoch ms) says `now`."""
        return self if self.ago is None else Start(at=now - self.ago)


OLDEST = Start(edge=Edge.OLDEST)
LATEST = Start(edge=Edge.LATEST)


class ShardReader(Protocol):
    """One reader's position in one shard."""

    async def read(self) -> Batch:
        """The next entries, waiting until there are some, the shard has ended, or a poll found none.

        A reader whose position is the shard's tip is told so first.
        """

    def ack_until(self, sequence: int) -> None:
        """This reader will never need the entries up to `sequence` again."""

    def close(self) -> None:
        """Ends the reading: nothing is retained for this reader any more."""


class Stream(Protocol):
    """A stream whose entries of one key keep their order. Its methods may raise StreamUnavailable: try again."""

    name: str

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Writes the entries durably, those of one key in order.

        Raises RecordTooLarge before anything is written. Where it raises anything else, a part may have been written,
        for each key a run from its first entry on.
        """

    async def shards(self) -> Sequence[Shard]:
        """Every shard with retained entries, and every open one."""

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        """A reader of the shard from `start` on.

        With `retain` a stream that can keeps what the reader has not acked, and makes writers wait for it.
        """


def ready(shards: Sequence[Shard], finished: set[str]) -> list[Shard]:
    """The shards that may be read now: unfinished ones, none of whose listed parents is unfinished."""
    listed = {shard.id for shard in shards}
    return [
        shard
        for shard in shards
        if shard.id not in finished and all(p in finished or p not in listed for p in shard.parents)
    ]
