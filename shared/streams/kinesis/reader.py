"""One reader's place in one shard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.streams.base import LATEST, Batch, Item, ShardReader, Start
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.feed import Inbox, ShardFeed
from shared.streams.kinesis.recent import behind
from shared.streams.kinesis.shard import SharedShard


class KinesisReader(ShardReader):
    """Shares the shard's feed as soon as that has what it needs; until then it reads by itself.

    One that reads from the latest on may hear what came since the feed's last read, a second before it joined.
    """

    def __init__(
        self, shard: SharedShard, start: Start, cursors: Callable[[Start], Cursor], placed_at: int | None
    ) -> None:
        self._shard = shard
        self._start = start
        self._cursors = cursors
        self._placed_at = placed_at
        #: Where it reads by itself; None while it follows the feed.
        self._cursor: Cursor | None = None
        self._feed: ShardFeed | None = None
        self._inbox: Inbox | None = None

    async def open(self) -> None:
        """Takes its place."""
        cursor = self._cursor = self._cursors(self._start)
        self._join(await self._shard.place(cursor, self._start))
        if cursor.position == LATEST:
            # It may have asked for a time that is still to come.
            self._start = LATEST
        if self._inbox is None and self._start == LATEST and cursor.tip_at is not None:
            # What is the latest when it reads may be later than its place.
            self._start = Start(at=cursor.tip_at)

    async def read(self) -> Batch:
        return await (self._catch_up() if self._inbox is None else self._follow(self._inbox))

    def ack_until(self, sequence: int) -> None:
        """Kinesis keeps everything for its retention anyway."""

    def close(self) -> None:
        if self._feed is not None and self._inbox is not None:
            self._feed.close(self._inbox)
        self._feed = self._inbox = None

    async def _catch_up(self) -> Batch:
        if self._cursor is None:
            self._cursor = self._cursors(self._start)
        page, feed = await self._shard.read(self._cursor, self._start)
        self._passed(page.items)
        self._join(feed)
        # A feed that is joined has first what came meanwhile.
        at_tip = page.at_tip and feed is None
        return Batch(page.items, page.ended, at_tip, self._placed_at, page.refused)

    async def _follow(self, inbox: Inbox) -> Batch:
        # The feed may be behind what this reader had read by itself.
        items = behind(self._start, await inbox.take())
        self._passed(items)
        if inbox.overflowed:
            self.close()
            return Batch(items, placed_at=self._placed_at)
        return Batch(items, inbox.ended, inbox.at_tip, self._placed_at, inbox.refused)

    def _join(self, feed: ShardFeed | None) -> None:
        if feed is not None:
            self._feed, self._inbox, self._cursor = feed, feed.open(self._start), None

    def _passed(self, items: Sequence[Item]) -> None:
        """Moves on behind what is given out."""
        if items:
            self._start = Start(after=items[-1].sequence)
