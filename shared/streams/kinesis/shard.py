"""What the readers of one shard in this process share."""

from __future__ import annotations

import asyncio

from shared.streams.base import LATEST, Start
from shared.streams.kinesis.cursor import Cursor, Page
from shared.streams.kinesis.feed import ShardFeed
from shared.streams.kinesis.read_pacer import ReadPacer

#: Seconds between two direct reads: they leave the feed its share of the 5 reads a second.
_DIRECT_INTERVAL = 0.5


class SharedShard:
    """The feed, and the lock for direct reads, so that a crowd that joins holds up neither the feed nor the shard."""

    def __init__(self, pacer: ReadPacer) -> None:
        self._pacer = pacer
        self._feed: ShardFeed | None = None
        self._read_lock = asyncio.Lock()
        self._seek_lock = asyncio.Lock()
        self._read_at = float("-inf")

    def feed(self, start: Start) -> ShardFeed | None:
        """The feed, if there is one that reads that has what a subscription from `start` on needs."""
        feed = self._running
        return feed if feed is not None and feed.covers(start) else None

    async def seek(self, cursor: Cursor, start: Start) -> ShardFeed | None:
        """Takes the cursor's position, unless there is a feed to join, which this returns. Raises StreamUnavailable."""
        if start != LATEST:
            if (feed := self.feed(start)) is None:
                await cursor.seek()
            return feed
        # Of several that want the latest the first begins the feed for all.
        async with self._seek_lock:
            if (feed := self.feed(start)) is None:
                await cursor.seek()
                # The latest is the tip.
                feed = None if self._running else self._begin_feed(cursor)
            return feed

    async def read(self, cursor: Cursor, start: Start) -> tuple[Page, ShardFeed | None]:
        """The cursor's next page, when it may be read, and the feed, if a reader can join it behind that page.

        A page may be that the read was refused.
        """
        async with self._read_lock:
            if (feed := self.feed(start)) is not None:
                return Page((), at_tip=False, ended=False), feed
            loop = asyncio.get_running_loop()
            spacing = max(_DIRECT_INTERVAL, self._pacer.interval) if self._running else self._pacer.interval
            if not cursor.refused:
                await asyncio.sleep(self._read_at + spacing - loop.time())
            self._read_at = loop.time()
            before = self._running
            page = await cursor.attempt()
            return page, self._joinable(cursor, start, before) if page.at_tip else None

    @property
    def _running(self) -> ShardFeed | None:
        return self._feed if self._feed is not None and self._feed.running else None

    def _joinable(self, cursor: Cursor, start: Start, before: ShardFeed | None) -> ShardFeed | None:
        """The feed that goes on where the cursor stands, which has just come to the tip."""
        running = self._running
        if running is None:
            return self._begin_feed(cursor)
        behind = start if cursor.position == LATEST else cursor.position
        return running if running.covers(behind) or (running is before and running.meets(behind)) else None

    def _begin_feed(self, cursor: Cursor) -> ShardFeed:
        self._feed = ShardFeed(cursor, self._pacer, lambda: self._read_at)
        return self._feed
