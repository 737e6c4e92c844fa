"""One reader's place in one shard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from shared.streams.base import Batch, Item, Start
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.feed import Inbox, ShardFeed
from shared.streams.kinesis.pace import Pace

#: Seconds between two reads while it catches up: a shard allows 5 a second.
_CATCHING_UP = 0.2


class Feeds:
    """The feeds of one stream by shard."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._feeds: dict[str, ShardFeed] = {}

    def get(self, shard: str) -> ShardFeed | None:
        """The shard's feed, if there is one that reads."""
        feed = self._feeds.get(shard)
        return feed if feed is not None and feed.running else None

    def begin(self, shard: str, cursor: Cursor) -> ShardFeed:
        """A new feed that goes on from the cursor."""
        feed = self._feeds[shard] = ShardFeed(cursor, self._pace)
        return feed


class KinesisReader:
    """Catches up by itself to the tip of the shard, and from there on shares the shard's feed.

    It opens its inbox before its last read of its own: what the feed had read before then, that read finds too.
    """

    def __init__(self, shard: str, feeds: Feeds, cursor: Cursor, renew: Callable[[Start], Cursor]) -> None:
        self._shard = shard
        self._feeds = feeds
        self._cursor = cursor
        self._renew = renew
        self._last = cursor.last
        self._feed: ShardFeed | None = None
        self._inbox: Inbox | None = None
        self._following = False

    async def read(self) -> Batch:
        """See ShardReader.read."""
        return await (self._follow() if self._following else self._catch_up())

    def done(self, sequence: int) -> None:
        """See ShardReader.done: Kinesis keeps everything for its retention anyway."""

    def close(self) -> None:
        """See ShardReader.close."""
        if self._feed is not None and self._inbox is not None:
            self._feed.close(self._inbox)

    async def _catch_up(self) -> Batch:
        if self._inbox is None and (feed := self._feeds.get(self._shard)) is not None:
            self._feed, self._inbox = feed, feed.open()
        await asyncio.sleep(self._cursor.read_at + _CATCHING_UP - asyncio.get_running_loop().time())
        page = await self._cursor.read()
        if page.at_tip:
            if self._inbox is None and self._feeds.get(self._shard) is None:
                self._feed = self._feeds.begin(self._shard, self._cursor)
                self._inbox = self._feed.open()
            self._following = self._inbox is not None
        return Batch(self._news(page.items), ended=page.ended)

    async def _follow(self) -> Batch:
        assert self._inbox is not None
        items = self._news(await self._inbox.take())
        if self._inbox.overflowed:
            self.close()
            self._feed = self._inbox = None
            self._following = False
            self._cursor = self._renew(Start(after=self._last))
            return Batch(items)
        return Batch(items, ended=self._inbox.ended)

    def _news(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those behind the last one that was given out."""
        last = self._last
        new = items if last is None else [item for item in items if item.sequence > last]
        if new:
            self._last = new[-1].sequence
        return new
