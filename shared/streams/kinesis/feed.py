"""The newest records of one shard, read once for all its readers in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from shared.streams.base import LATEST, Item, Start
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.read_pacer import ReadPacer

#: Bytes that wait for one reader before it is dropped from the feed: it then reads on by itself, from where it was.
_MAX_BYTES = 64 << 20
#: Seconds since it was at the tip for which a feed counts as live: an idle shard is read once a second.
_LIVE = 2.0
#: Seconds between a direct read and one of the feed: a shard allows 5 a second.
_MIN_GAP = 0.2


class Subscription:
    """What a feed has read and one reader has not taken yet."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._size = 0
        self._changed = asyncio.Event()
        self._failure: Exception | None = None
        #: Whether the shard has ended behind what waits here.
        self.ended = False
        #: Whether the shard's tip is behind what waits here.
        self.at_tip = False
        #: Why nothing more can be read for now; empty where it can.
        self.refused = ""
        #: Whether the reader was too slow: something is missing behind what waits here.
        self.overflowed = False

    def put(self, items: Sequence[Item], *, ended: bool = False, at_tip: bool = False, refused: str = "") -> None:
        """Takes a page from the feed."""
        # An empty page says something too: nothing came.
        self._changed.set()
        if not self.overflowed:
            self._items.extend(items)
            self._size += sum(len(item.data) for item in items)
            self.ended, self.at_tip, self.refused = ended, at_tip, refused
            self.overflowed = self._size > _MAX_BYTES

    def fail(self, failure: Exception) -> None:
        """The feed can read no more."""
        self._failure = failure
        self._changed.set()

    async def take(self) -> Sequence[Item]:
        """What waits, as soon as there is something to take or to know; raises what the feed failed with."""
        await self._changed.wait()
        if self._failure is not None:
            raise self._failure
        self._changed.clear()
        items, self._items, self._size = self._items, [], 0
        return items


class ShardFeed:
    """Goes on from a cursor that has reached the tip of its shard, for as long as a subscription is open.

    `last_direct_read` says when (loop time, s) a reader that is not subscribed has last read the shard.
    """

    def __init__(self, cursor: Cursor, pacer: ReadPacer, last_direct_read: Callable[[], float]) -> None:
        self._cursor = cursor
        self._pacer = pacer
        self._last_direct_read = last_direct_read
        self._subscriptions: set[Subscription] = set()
        self._tip_at = asyncio.get_running_loop().time()
        #: Why its last read was refused; empty where it was not.
        self._refused = ""
        self._task = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        """Whether it still reads."""
        return bool(self._subscriptions) and not self._task.done()

    def covers(self, start: Start) -> bool:
        """Whether a subscription can begin there."""
        return self._cursor.replay.covers(start) and self._is_live_for(start)

    def meets(self, start: Start) -> bool:
        """Whether a subscription can begin there, for a reader that has come to the tip since the feed began."""
        return self._cursor.replay.reaches(start) and self._is_live_for(start)

    def subscribe(self, start: Start) -> Subscription:
        """A subscription for what is read from now on, and what is kept of what was read before, from `start` on."""
        subscription = Subscription()
        subscription.put(self._cursor.replay.since(start), at_tip=self._is_live, refused=self._refused)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Nobody takes from this subscription any more."""
        self._subscriptions.discard(subscription)
        if not self._subscriptions:
            self._task.cancel()

    @property
    def _is_live(self) -> bool:
        """Whether it was at the tip just now."""
        return asyncio.get_running_loop().time() - self._tip_at <= _LIVE

    def _is_live_for(self, start: Start) -> bool:
        """Whether it brings no old records to who wants the latest."""
        return start != LATEST or self._is_live

    async def _run(self) -> None:
        ended = False
        try:
            while not ended:
                if not self._cursor.refused:
                    await self._pacer.wait(self._cursor.read_at)
                    await asyncio.sleep(self._last_direct_read() + _MIN_GAP - asyncio.get_running_loop().time())
                page = await self._cursor.attempt()
                ended, self._refused = page.ended, page.refused
                if page.at_tip:
                    self._tip_at = self._cursor.read_at
                if page.items:
                    self._pacer.wake()
                for subscription in self._subscriptions:
                    subscription.put(page.items, ended=ended, at_tip=page.at_tip, refused=page.refused)
        except Exception as error:
            for subscription in self._subscriptions:
                subscription.fail(error)
