"""Streams that refuse or dawdle, and what was written to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.codec import decode
from shared.errors import StreamUnavailable
from shared.models import AudioFrame, SessionEnded
from shared.streams import OLDEST, Entry, MemoryStream
from tests.support.virtual_time import VirtualClock


class FlakyStream(MemoryStream):
    """A stream that takes `delay` for each record and refuses them while `out` is set.

    `keeps` makes it write what it refuses all the same, as a write whose answer is lost does.
    """

    def __init__(self) -> None:
        super().__init__("audio", retention_ms=3_600_000, clock=VirtualClock())
        self.delay = 0.0
        self.out = False
        self.keeps = False
        self.in_flight = 0
        self.most_in_flight = 0

    async def publish(self, entries: Sequence[Entry]) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.delay)
            if not self.out or self.keeps:
                await super().publish(entries)
            if self.out:
                raise StreamUnavailable("throttled")
        finally:
            self.in_flight -= 1

    async def fail_for(self, seconds: float) -> None:
        """Refuses every record for so long."""
        self.out = True
        await asyncio.sleep(seconds)
        self.out = False

    async def records(self) -> list[AudioFrame | SessionEnded]:
        """Everything written so far, in order."""
        (shard,) = await self.shards()
        reader = await self.reader(shard.id, OLDEST)
        records: list[AudioFrame | SessionEnded] = []
        while len(records) < len(self._shards[shard.id].items):
            for item in (await reader.read()).items:
                record = decode(item.data)
                assert isinstance(record, AudioFrame | SessionEnded)
                records.append(record)
        return records

    async def frames(self) -> list[AudioFrame]:
        """The frames among them."""
        return [record for record in await self.records() if isinstance(record, AudioFrame)]
