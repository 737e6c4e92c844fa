"""Kills a host at a chosen point between two of its writes, by standing between it and what it writes to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from processors.hosts.checkpoints import Checkpoint, Checkpoints
from shared.sessions import SessionStore
from shared.streams import Entry, Shard, ShardReader, Start, Stream, StreamName

Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Kill:
    """Kills a host at its `write`-th write since it last started, before or after that write takes effect."""

    write: int
    takes_effect: bool


class KillInjector:
    """Counts one host's writes, and calls `killed` where the next planned kill falls due; that write never returns."""

    def __init__(self, plan: Sequence[Kill], killed: Callable[[], None]) -> None:
        self._plan = list(plan)
        self._killed = killed
        #: How many writes the host has begun since it last started.
        self.writes = 0
        self._dead = False

    def restarted(self) -> None:
        """A new host took the place of the killed one."""
        self.writes = 0
        self._dead = False

    def died(self) -> None:
        """The host was killed from elsewhere: it writes nothing more."""
        self._dead = True

    async def write(self, act: Callable[[], Awaitable[Returned]]) -> Returned:
        """Lets a write through, or kills the host before or after it."""
        if self._dead:
            await _for_ever()
        self.writes += 1
        due = self._plan and self.writes >= self._plan[0].write
        if due and not self._plan[0].takes_effect:
            await self._die()
        returned = await act()
        if due:
            await self._die()
        return returned

    async def _die(self) -> None:
        self._plan.pop(0)
        self._dead = True
        self._killed()
        await _for_ever()


class KillableStream:
    """A stream whose writes can kill."""

    def __init__(self, stream: Stream, injector: KillInjector) -> None:
        self.name = stream.name
        self._stream = stream
        self._injector = injector

    async def publish(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            await self._injector.write(lambda entry=entry: self._stream.publish([entry]))  # type: ignore[misc]

    async def shards(self) -> Sequence[Shard]:
        return await self._stream.shards()

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        return await self._stream.reader(shard, start, retain=retain)


class KillableStore:
    """A session store whose writes can kill."""

    def __init__(self, store: SessionStore, injector: KillInjector) -> None:
        self._store = store
        self._injector = injector

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name in {"load", "open_sessions"}:
            return method
        return lambda *args, **kwargs: self._injector.write(lambda: method(*args, **kwargs))


class KillableCheckpoints:
    """Checkpoints whose writes can kill."""

    def __init__(self, checkpoints: Checkpoints, injector: KillInjector) -> None:
        self._checkpoints = checkpoints
        self._injector = injector

    async def load(self, application: str, stream: StreamName) -> Mapping[str, Checkpoint]:
        return await self._checkpoints.load(application, stream)

    async def save(self, application: str, stream: StreamName, shard: str, checkpoint: Checkpoint) -> None:
        await self._injector.write(lambda: self._checkpoints.save(application, stream, shard, checkpoint))


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
