"""Faults between a process and its streams and store: links that are down for a while, and what refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from shared.errors import StoreUnavailable, StreamUnavailable
from shared.streams import Entry, Shard, ShardReader, Start, Stream

#: Seconds between two looks whether a link is up again.
_LOOK = 0.5


class Link:
    """One process's way to what it writes to. While `down`, a write waits on it, as behind a frozen process."""

    def __init__(self) -> None:
        self.down = False

    async def until_up(self) -> None:
        """Returns once the link is up."""
        while self.down:  # noqa: ASYNC110 (a test takes it down and tells nobody)
            await asyncio.sleep(_LOOK)


class LinkedStream:
    """A stream behind a link: its writes and reads wait while that is down."""

    def __init__(self, stream: Stream, link: Link) -> None:
        self.name = stream.name
        self._stream = stream
        self._link = link

    async def publish(self, entries: Sequence[Entry]) -> None:
        await self._link.until_up()
        await self._stream.publish(entries)

    async def shards(self) -> Sequence[Shard]:
        await self._link.until_up()
        return await self._stream.shards()

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        await self._link.until_up()
        return _LinkedReader(await self._stream.reader(shard, start, retain=retain), self._link)


class _LinkedReader:
    def __init__(self, reader: ShardReader, link: Link) -> None:
        self._reader = reader
        self._link = link

    async def read(self) -> Any:
        await self._link.until_up()
        batch = await self._reader.read()
        await self._link.until_up()
        return batch

    def ack_until(self, sequence: int) -> None:
        self._reader.ack_until(sequence)

    def close(self) -> None:
        self._reader.close()


class RefusingView:
    """A view of a stream that refuses writes while `refuses` says so of the loop's time (s)."""

    def __init__(self, stream: Stream, refuses: Callable[[float], bool]) -> None:
        self.name = stream.name
        self._stream = stream
        self._refuses = refuses

    async def publish(self, entries: Sequence[Entry]) -> None:
        if self._refuses(asyncio.get_running_loop().time()):
            raise StreamUnavailable(f"{self.name} is out")
        await self._stream.publish(entries)

    async def shards(self) -> Sequence[Shard]:
        return await self._stream.shards()

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        return await self._stream.reader(shard, start, retain=retain)


class RefusingStore:
    """A session store that refuses everything while `refuses` says so of the loop's time (s)."""

    def __init__(self, store: Any, refuses: Callable[[float], bool]) -> None:
        self._store = store
        self._refuses = refuses

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def call(*arguments: Any, **options: Any) -> Any:
            if self._refuses(asyncio.get_running_loop().time()):
                raise StoreUnavailable("the store is out")
            return await method(*arguments, **options)

        return call


class LosingStore:
    """A session store whose every write takes effect, and whose answer is lost at every second one.

    An opening is let through: in memory it leaves no mark by which it would be known again, as it does in DynamoDB.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self._writes = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name in {"load", "open_sessions", "open_take"}:
            return method

        async def call(*arguments: Any, **options: Any) -> Any:
            answer = await method(*arguments, **options)
            self._writes += 1
            if self._writes % 2:
                raise StoreUnavailable("the answer is lost")
            return answer

        return call


class WriteOnlyStream:
    """A stream that is written to and has no shard to read."""

    def __init__(self, stream: Stream) -> None:
        self.name = stream.name
        self._stream = stream

    async def publish(self, entries: Sequence[Entry]) -> None:
        await self._stream.publish(entries)

    async def shards(self) -> Sequence[Shard]:
        return ()

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        raise AssertionError("expected nobody to read")
