"""One reader's position in one shard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.streams.base import LATEST, Batch, Item, ShardReader, Start
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.feed import ShardFeed, Subscription
from shared.streams.kinesis.replay_buffer import behind
from shared.streams.kinesis.shard import SharedShard


class KinesisReader(ShardReader):
    """Subscribes to the shard's feed as soon as that has what it needs; until then it reads directly.

    One that reads from the latest on may hear what came since the feed's last read, a second before it joined.
    """

    def __init__(
        self, shard: SharedShard, start: Start, cursors: Callable[[Start], Cursor], opened_at: int | None
    ) -> None:
        self._shard = shard
        self._start = start
        self._cursors = cursors
        self._opened_at = opened_at
        #: Where it reads directly; None while it is subscribed to the feed.
        self._cursor: Cursor | None = None
        self._feed: ShardFeed | None = None
        self._subscription: Subscription | None = None

    async def open(self) -> None:
        """Takes its position."""
        cursor = self._cursor = self._cursors(self._start)
        self._join(await self._shard.seek(cursor, self._start))
        if cursor.position == LATEST:
            # It may have asked for a time that is still to come.
            self._start = LATEST
        if self._subscription is None and self._start == LATEST and cursor.tip_at is not None:
            # What is the latest when it reads may be later than its position.
            self._start = Start(at=cursor.tip_at)

    async def read(self) -> Batch:
        return await (self._catch_up() if self._subscription is None else self._follow(self._subscription))

    def ack_until(self, sequence: int) -> None:
        """Does nothing: Kinesis keeps every record for its retention."""

    def close(self) -> None:
        if self._feed is not None and self._subscription is not None:
            self._feed.unsubscribe(self._subscription)
        self._feed = self._subscription = None

    async def _catch_up(self) -> Batch:
        if self._cursor is None:
            self._cursor = self._cursors(self._start)
        page, feed = await self._shard.read(self._cursor, self._start)
        self._passed(page.items)
        self._join(feed)
        # A feed that is joined has first what came meanwhile.
        at_tip = page.at_tip and feed is None
        return Batch(page.items, page.ended, at_tip, self._opened_at, page.refused)

    async def _follow(self, subscription: Subscription) -> Batch:
        # The feed may be behind what this reader had read directly.
        items = behind(self._start, await subscription.take())
        self._passed(items)
        if subscription.overflowed:
            self.close()
            return Batch(items, opened_at=self._opened_at)
        return Batch(items, subscription.ended, subscription.at_tip, self._opened_at, subscription.refused)

    def _join(self, feed: ShardFeed | None) -> None:
        if feed is not None:
            self._feed, self._subscription, self._cursor = feed, feed.subscribe(self._start), None

    def _passed(self, items: Sequence[Item]) -> None:
        """Moves on behind what is given out."""
        if items:
            self._start = Start(after=items[-1].sequence)
