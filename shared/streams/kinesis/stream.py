"""A Stream on Amazon Kinesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from shared.aws import Aws, AwsClient
from shared.errors import StreamUnavailable
from shared.streams.base import LATEST, Entry, Shard, ShardReader, Start
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.listing import list_shards, parents
from shared.streams.kinesis.pace import Pace
from shared.streams.kinesis.reader import KinesisReader
from shared.streams.kinesis.server_clock import ServerClock
from shared.streams.kinesis.shard import SharedShard
from shared.streams.kinesis.writer import Writer
from shared.streams.names import StreamName


def kinesis_streams(aws: Aws, prefix: str, read_interval: float) -> Mapping[StreamName, KinesisStream]:
    """Every stream of the pipeline whose names begin with `prefix`; a shard is read every `read_interval` s."""
    client = aws.client("kinesis", StreamUnavailable)
    pace = Pace(read_interval)
    return {name: KinesisStream(client, f"{prefix}-{name}", pace) for name in StreamName}


class KinesisStream:
    """Writes in batches, and reads every shard once for all its readers in this process.

    Its methods raise SetupError where the stream does not exist or may not be used.
    """

    def __init__(self, client: AwsClient, name: str, pace: Pace) -> None:
        self.name = name
        self._client = client
        self._pace = pace
        self._writer = Writer(client, name)
        self._shards: dict[str, SharedShard] = {}
        self._clock = ServerClock()

    async def publish(self, entries: Sequence[Entry]) -> None:
        """See Stream.publish."""
        await self._writer.write(entries)
        self._pace.stir()

    async def shards(self) -> Sequence[Shard]:
        """See Stream.shards."""
        found = await list_shards(self._client, self.name, self._clock)
        return [Shard(shard["ShardId"], parents(shard)) for shard in found]

    async def reader(self, shard: str, start: Start, *, holds: bool = False) -> ShardReader:
        """See Stream.reader; nothing need be held, since Kinesis keeps every record for its retention."""
        if start.ago is not None and not self._clock.is_known:
            await self.shards()
        start = start.by(self._clock.now())
        if start.at is not None and self._clock.is_known and start.at > self._clock.latest():
            # Nothing that is there has arrived later than now.
            start = LATEST
        shared = self._shards.setdefault(shard, SharedShard(self._pace))
        reader = KinesisReader(shared, start, partial(Cursor, self._client, self.name, shard))
        await reader.open()
        return reader
