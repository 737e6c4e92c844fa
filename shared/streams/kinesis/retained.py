"""What a Kinesis stream holds now, for a reader that comes once and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from shared.aws import Aws, AwsClient
from shared.clock import Clock
from shared.errors import StreamUnavailable
from shared.streams.base import OLDEST, Item, Shard, Start, ready
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.listing import list_shards, parents
from shared.streams.kinesis.server_clock import ServerClock

#: Seconds between two reads of a shard: it allows 5 a second.
_INTERVAL = 0.2
#: Seconds for which a read may be refused.
_READ_TIMEOUT = 30.0


class RetainedRecord(NamedTuple):
    """A record and the shard that it stands on."""

    shard: str
    item: Item


async def read_retained(
    aws: Aws, stream: str, start: Start = OLDEST, clock: Clock | None = None
) -> AsyncIterator[RetainedRecord]:
    """Every record of the Kinesis stream of that name from `start` to the tip, parent shards first; then it ends.

    `clock` counts where the service does not say what time it is. Raises StreamUnavailable where a read is refused for
    30 s, and SetupError where the stream may not be read.
    """
    client = aws.client("kinesis", StreamUnavailable)
    server = ServerClock(clock)
    shards = [Shard(shard["ShardId"], parents(shard)) for shard in await list_shards(client, stream, server)]
    begun, start = server.latest(), start.by(server.now())
    finished: set[str] = set()
    while turn := ready(shards, finished):
        for shard in turn:
            async for item in _shard(client, stream, shard.id, start, begun):
                yield RetainedRecord(shard.id, item)
            finished.add(shard.id)


async def _shard(client: AwsClient, stream: str, shard: str, start: Start, begun: int) -> AsyncIterator[Item]:
    cursor = Cursor(client, stream, shard, start)
    while True:
        try:
            async with asyncio.timeout(_READ_TIMEOUT):
                page = await cursor.read()
        except TimeoutError:
            raise StreamUnavailable(
                f"{client.endpoint}: {stream} {shard} could not be read for {_READ_TIMEOUT:g} s; try again"
            ) from None
        for item in page.items:
            yield item
        # LocalStack may call a page the last that is not; but writers that do not rest shall not hold the reader.
        if page.ended or (page.at_tip and not (page.items and page.items[-1].arrived_at < begun)):
            return
        if not page.at_tip:
            await asyncio.sleep(_INTERVAL)
