"""What the readers of one shard in this process share."""

from __future__ import annotations

import asyncio

from shared.streams.base import LATEST, Start
from shared.streams.kinesis.cursor import Cursor, Page
from shared.streams.kinesis.feed import ShardFeed
from shared.streams.kinesis.pace import Pace

#: Seconds between two reads beside the feed: they leave the feed its share of the 5 reads a second.
_BESIDE = 0.5


class SharedShard:
    """The feed, and the turns to read beside it, so that a crowd that joins holds up neither the feed nor the shard."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._feed: ShardFeed | None = None
        self._turn = asyncio.Lock()
        self._placing = asyncio.Lock()
        self._read_at = float("-inf")

    def feed(self, start: Start) -> ShardFeed | None:
        """The feed, if there is one that reads and that an inbox from `start` on can join."""
        feed = self._running
        return feed if feed is not None and feed.covers(start) else None

    async def place(self, cursor: Cursor, start: Start) -> ShardFeed | None:
        """Takes the cursor's place, unless there is a feed to join, which this returns. Raises StreamUnavailable."""
        if start != LATEST:
            if (feed := self.feed(start)) is None:
                await cursor.place()
            return feed
        # Of several that want the latest the first begins the feed for all.
        async with self._placing:
            if (feed := self.feed(start)) is None:
                await cursor.place()
                # The latest is the tip.
                feed = None if self._running else self._begin_feed(cursor)
            return feed

    async def read(self, cursor: Cursor, start: Start) -> tuple[Page, ShardFeed | None]:
        """The cursor's next page, when its turn has come, and the feed, if a reader can join it behind that page.

        A page may be that the read was refused.
        """
        async with self._turn:
            if (feed := self.feed(start)) is not None:
                return Page((), at_tip=False, ended=False), feed
            loop = asyncio.get_running_loop()
            spacing = max(_BESIDE, self._pace.interval) if self._running else self._pace.interval
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
        self._feed = ShardFeed(cursor, self._pace, lambda: self._read_at)
        return self._feed
