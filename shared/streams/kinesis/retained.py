"""What a Kinesis stream holds now, for a reader that comes once and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from shared.aws import Aws, AwsClient
from shared.clock import Clock, SystemClock
from shared.errors import StreamUnavailable
from shared.streams.base import OLDEST, Item, Start, ready
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.pace import Pace
from shared.streams.kinesis.stream import KinesisStream

#: Seconds between two reads of a shard: it allows 5 a second.
_INTERVAL = 0.2
#: Seconds for which a read may be refused.
_PATIENCE = 30.0


class Retained(NamedTuple):
    """A record and the shard that it stands on."""

    shard: str
    item: Item


async def retained(aws: Aws, stream: str, start: Start = OLDEST, clock: Clock | None = None) -> AsyncIterator[Retained]:
    """Every record of the Kinesis stream of that name from `start` to the tip, parent shards first; then it ends.

    Raises StreamUnavailable where a read is refused for 30 s, and SetupError where the stream may not be read.
    """
    client = aws.client("kinesis", StreamUnavailable)
    shards = await KinesisStream(client, stream, Pace(_INTERVAL)).shards()
    begun = (clock or SystemClock()).now()
    finished: set[str] = set()
    while turn := ready(shards, finished):
        for shard in turn:
            async for item in _shard(client, stream, shard.id, start, begun):
                yield Retained(shard.id, item)
            finished.add(shard.id)


async def _shard(client: AwsClient, stream: str, shard: str, start: Start, begun: int) -> AsyncIterator[Item]:
    cursor = Cursor(client, stream, shard, start)
    while True:
        try:
            async with asyncio.timeout(_PATIENCE):
                page = await cursor.read()
        except TimeoutError:
            raise StreamUnavailable(
                f"{client.endpoint}: {stream} {shard} could not be read for {_PATIENCE:g} s; try again"
            ) from None
        for item in page.items:
            yield item
        # LocalStack may call a page the last that is not; but writers that do not rest shall not hold the reader.
        if page.ended or (page.at_tip and not (page.items and page.items[-1].arrived_at < begun)):
            return
        if not page.at_tip:
            await asyncio.sleep(_INTERVAL)
