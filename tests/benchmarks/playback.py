"""A stream that holds nothing: it makes its records when they are due, and drops what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from shared.clock import Clock
from shared.streams import Batch, Entry, Item, Shard, ShardReader, Start

#: Loop time (s) at which a record comes, and its bytes.
Due = tuple[float, bytes]


def session_id(number: int) -> str:
    """The id of one of many sessions; all are of one length, since the codec counts a header's bytes."""
    return f"session-{number:04}"


#: The session whose records are given to all others too.
FIRST = session_id(0)


def own(data: bytes, session: str) -> bytes:
    """An encoded record of the first session as another one's."""
    return data.replace(FIRST.encode(), session.encode())


class PlaybackStream:
    """A Stream of one shard, for one reader, that plays `due` in order and drops what it is given."""

    name = "playback"

    def __init__(self, clock: Clock, due: Iterable[Due] = ()) -> None:
        self._clock = clock
        self._due = iter(due)
        #: How many records were played.
        self.played = 0

    async def publish(self, entries: Sequence[Entry]) -> None:
        pass

    async def shards(self) -> Sequence[Shard]:
        return [Shard(self.name)]

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        return self

    async def read(self) -> Batch:
        for at, data in self._due:
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            self.played += 1
            return Batch([Item(self.played, data, self._clock.now())])
        await asyncio.Event().wait()
        return Batch([])

    def ack_until(self, sequence: int) -> None:
        pass

    def close(self) -> None:
        pass


class RecordingStream(PlaybackStream):
    """Notes what is published on it, and when (loop time, s), for another to play."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.recorded: list[Due] = []

    async def publish(self, entries: Sequence[Entry]) -> None:
        self.recorded += [(asyncio.get_running_loop().time(), entry.data) for entry in entries]
