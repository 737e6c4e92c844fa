"""Following streams from a position on: every shard at once, parents before children, for readers without leases."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from shared.backoff import delays
from shared.errors import StreamUnavailable
from shared.loop_affinity import LoopAffinity
from shared.streams.base import OLDEST, Batch, Shard, ShardReader, Start, Stream, ready
from shared.streams.follower_events import CaughtUp, FollowerEvent, Interrupted, Resumed, StreamItem
from shared.streams.names import StreamName
from shared.streams.outage_detector import OutageDetector

#: Batches that wait to be taken, before reading waits too.
_WAITING = 100


class _AtTip(NamedTuple):
    stream: StreamName
    shard: str


class _Ended(NamedTuple):
    stream: StreamName
    shard: str


class _Begun(NamedTuple):
    """The children of that shard are read."""

    stream: StreamName
    shard: str


class _ShardInterrupted(NamedTuple):
    stream: StreamName
    shard: str
    reason: str


class _ShardResumed(NamedTuple):
    stream: StreamName
    shard: str


class Follower:
    """The items of some streams from `start` on: `async with Follower(...) as follower: await follower.next()`.

    Those of one key come in order. A shard that appears later is read from its oldest item. An unavailable stream is
    waited out, also while the follower joins. What reading raises is raised by every later call. It belongs to the
    event loop that entered it: WrongEventLoop is raised on another one.
    """

    def __init__(self, streams: Mapping[StreamName, Stream], start: Start) -> None:
        self._streams = streams
        self._start = start
        #: Loop time (s) at which it began: what was long ago then is longer ago for a shard that is opened later.
        self._begun = 0.0
        self._name = f"what follows {', '.join(stream.name for stream in streams.values())}"
        self._affinity = LoopAffinity("enter, follow and leave on one event loop")
        self._tasks: list[asyncio.Task[None]] = []
        self._queue: asyncio.Queue[
            list[StreamItem] | _AtTip | _Ended | _Begun | _ShardInterrupted | _ShardResumed | Exception
        ]
        self._queue = asyncio.Queue(_WAITING)
        self._received: list[StreamItem] = []
        self._signals: deque[Interrupted | Resumed] = deque()
        self._failure: Exception | None = None
        self._caught_up = False
        #: Stream and shard -> whether it may be read: its parents have been.
        self._readable: dict[tuple[StreamName, str], asyncio.Event] = {}
        #: Shards that have ended and whose children are not begun.
        self._childless: set[tuple[StreamName, str]] = set()
        self._finished: dict[StreamName, set[str]] = {name: set() for name in streams}
        #: Shards of which an item that stood there may be to come.
        self._behind: set[tuple[StreamName, str]] = set()
        #: Shards that refuse reads.
        self._interrupted: set[tuple[StreamName, str]] = set()

    async def __aenter__(self) -> Self:
        self._affinity.bind(self._name)
        self._begun = asyncio.get_running_loop().time()
        try:
            for name in self._streams:
                await self._begin_all(name)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._affinity.check(self._name)
        await self._stop()

    async def next_event(self) -> FollowerEvent:
        """The next item, or what else there is to know, waiting for it. Nothing is lost where this is cancelled.

        Raises what reading raised, and RuntimeError where the follower has been left.
        """
        while True:
            if self._received:
                return self._received.pop()
            if self._signals:
                return self._signals.popleft()
            if not (self._caught_up or self._behind or self._childless):
                self._caught_up = True
                return CaughtUp()
            await self._receive()

    async def next(self) -> StreamItem:
        """The next item, waiting for it; see `next_event`."""
        while not isinstance(found := await self.next_event(), StreamItem):
            pass
        return found

    async def backlog(self) -> AsyncIterator[StreamItem]:
        """The items that stand there already, and those that come until the last of them has been read."""
        while not self._caught_up:
            if isinstance(found := await self.next_event(), StreamItem):
                yield found

    async def _receive(self) -> None:
        """Waits for what a shard says next."""
        self._affinity.check(self._name)
        if self._failure is not None:
            raise self._failure
        entry = await self._queue.get()
        match entry:
            case Exception():
                self._failure = entry
                raise entry
            case _AtTip():
                self._behind.discard((entry.stream, entry.shard))
            case _Ended():
                self._behind.discard((entry.stream, entry.shard))
                self._finished[entry.stream].add(entry.shard)
                self._childless.add((entry.stream, entry.shard))
                # In a task of its own: a caller that never waits for long would never have seen them begun.
                self._tasks.append(asyncio.create_task(self._begin_children(entry.stream, entry.shard)))
            case _Begun():
                self._childless.discard((entry.stream, entry.shard))
            case _ShardInterrupted():
                if not self._interrupted:
                    self._signals.append(Interrupted(entry.reason))
                self._interrupted.add((entry.stream, entry.shard))
            case _ShardResumed():
                self._interrupted.discard((entry.stream, entry.shard))
                if not self._interrupted:
                    self._signals.append(Resumed())
            case _:
                self._received = entry[::-1]

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._failure = RuntimeError("expected a follower that goes on, got one that was left")
        # A caller that waits for an event waits in vain; where the queue is full nobody waits.
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(self._failure)

    async def _begin_all(self, name: StreamName) -> None:
        shards = await self._shards(name)
        # Those that may not be read yet take their position too: a child that is there now is not read from its oldest.
        for shard in shards:
            await self._begin(name, shard.id, self._start)
        self._let_read(name, ready(shards, set()))

    async def _begin_children(self, name: StreamName, parent: str) -> None:
        try:
            shards = ready(await self._shards(name, parent), self._finished[name])
            for shard in shards:
                await self._begin(name, shard.id, OLDEST)
            self._let_read(name, shards)
            await self._queue.put(_Begun(name, parent))
        except Exception as error:
            await self._queue.put(error)

    async def _shards(self, name: StreamName, parent: str | None = None) -> Sequence[Shard]:
        """The stream's shards; where the children of a shard are looked for, refusals are told as that one's."""
        waits, outage = delays(), OutageDetector()
        while True:
            try:
                shards = await self._streams[name].shards()
            except StreamUnavailable as error:
                if parent is not None:
                    await self._refused(name, parent, str(error), outage)
                await asyncio.sleep(next(waits))
            else:
                if outage.record_success():
                    await self._queue.put(_ShardResumed(name, str(parent)))
                return shards

    def _let_read(self, name: StreamName, shards: Sequence[Shard]) -> None:
        for shard in shards:
            self._readable[name, shard.id].set()

    async def _begin(self, name: StreamName, shard: str, start: Start) -> None:
        if (name, shard) not in self._readable:
            self._readable[name, shard] = asyncio.Event()
            self._behind.add((name, shard))
            opened = asyncio.Event()
            self._tasks.append(asyncio.create_task(self._read(name, shard, start, opened)))
            await opened.wait()

    async def _read(self, name: StreamName, shard: str, start: Start, opened: asyncio.Event) -> None:
        outage = OutageDetector()
        try:
            reader, late = await self._open(name, shard, start, opened, outage)
            try:
                await self._readable[name, shard].wait()
                await self._pass_on(name, shard, reader, late, outage)
            finally:
                reader.close()
        except Exception as error:
            await self._queue.put(error)

    async def _open(
        self, name: StreamName, shard: str, start: Start, opened: asyncio.Event, outage: OutageDetector
    ) -> tuple[ShardReader, int]:
        """A reader, and how late (ms) it takes its position."""
        waits = delays()
        while True:
            late = self._late
            begin = start if start.ago is None else Start(ago=start.ago + late)
            try:
                return await self._streams[name].reader(shard, begin), late
            except StreamUnavailable as error:
                opened.set()
                await self._refused(name, shard, str(error), outage)
                await asyncio.sleep(next(waits))
            finally:
                opened.set()

    @property
    def _late(self) -> int:
        """Ms since it began."""
        return round((asyncio.get_running_loop().time() - self._begun) * 1000)

    async def _pass_on(
        self, name: StreamName, shard: str, reader: ShardReader, late: int, outage: OutageDetector
    ) -> None:
        """Reads the shard to its end; its reader took its position `late` ms after the follower joined."""
        waits = delays()
        behind = True
        while True:
            try:
                batch = await reader.read()
            except StreamUnavailable as error:
                await self._refused(name, shard, str(error), outage)
                await asyncio.sleep(next(waits))
                continue
            waits = delays()
            if batch.items:
                await self._queue.put(_followed(name, batch, late, behind=behind))
            if behind and batch.at_tip:
                await self._queue.put(_AtTip(name, shard))
                behind = False
            if batch.refused:
                await self._refused(name, shard, batch.refused, outage)
            elif outage.record_success():
                await self._queue.put(_ShardResumed(name, shard))
            if batch.ended:
                await self._queue.put(_Ended(name, shard))
                return

    async def _refused(self, name: StreamName, shard: str, reason: str, outage: OutageDetector) -> None:
        if outage.record_failure():
            await self._queue.put(_ShardInterrupted(name, shard, reason))


def _followed(name: StreamName, batch: Batch, late: int, *, behind: bool) -> list[StreamItem]:
    """The batch's items; a reader that was not `behind` has no backlog any more."""
    joined_at = None if batch.opened_at is None else batch.opened_at - late
    return [
        StreamItem(name, item, backlog=behind and (joined_at is None or item.arrived_at < joined_at))
        for item in batch.items
    ]
