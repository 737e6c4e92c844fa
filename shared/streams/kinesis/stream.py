"""A Stream on Amazon Kinesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from shared.aws import Aws, AwsClient
from shared.errors import StreamUnavailable
from shared.loop_affinity import LoopAffinity
from shared.streams.base import LATEST, Entry, Shard, ShardReader, Start, Stream
from shared.streams.kinesis.cursor import Cursor
from shared.streams.kinesis.listing import list_shards, parents
from shared.streams.kinesis.read_pacer import ReadPacer
from shared.streams.kinesis.reader import KinesisReader
from shared.streams.kinesis.server_clock import ServerClock
from shared.streams.kinesis.shard import SharedShard
from shared.streams.kinesis.writer import Writer
from shared.streams.names import StreamName

_REMEDY = "give each event loop, and so each thread and BlockingAudioProducer, streams of its own (kinesis_streams)"


def kinesis_streams(aws: Aws, prefix: str, read_interval: float) -> Mapping[StreamName, KinesisStream]:
    """Every stream of the pipeline whose names begin with `prefix`; a shard is read every `read_interval` s.

    They belong to the event loop that uses one of them first: another one, in another thread, makes its own.
    """
    client = aws.client("kinesis", StreamUnavailable)
    pacer = ReadPacer(read_interval)
    affinity = LoopAffinity(_REMEDY)
    affinity.on_rebind.append(pacer.reset)
    return {name: KinesisStream(client, f"{prefix}-{name}", pacer, affinity) for name in StreamName}


class KinesisStream(Stream):
    """Writes in batches, and reads every shard once for all its readers in this process.

    Its methods raise SetupError where the stream does not exist or may not be used, WrongEventLoop on another event
    loop than the one that first used it or a stream that shares its `affinity`, and ForkedProcess in a child of that.
    """

    def __init__(self, client: AwsClient, name: str, pacer: ReadPacer, affinity: LoopAffinity | None = None) -> None:
        self.name = name
        self._client = client
        self._pacer = pacer
        self._affinity = affinity or LoopAffinity(_REMEDY)
        self._affinity.on_rebind.append(self._reset)
        self._reset()

    async def publish(self, entries: Sequence[Entry]) -> None:
        self._affinity.bind(f"stream {self.name}")
        await self._writer.write(entries)
        self._pacer.wake()

    async def shards(self) -> Sequence[Shard]:
        self._affinity.bind(f"stream {self.name}")
        found = await list_shards(self._client, self.name, self._clock)
        return [Shard(shard["ShardId"], parents(shard)) for shard in found]

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        """Nothing need be retained, since Kinesis keeps every record for its retention."""
        self._affinity.bind(f"stream {self.name}")
        if start.ago is not None and not self._clock.is_known:
            await self.shards()
        start = start.by(self._clock.now())
        if start.at is not None and self._clock.is_known and start.at > self._clock.latest():
            # Nothing that is there has arrived later than now.
            start = LATEST
        shared = self._shards.setdefault(shard, SharedShard(self._pacer))
        cursors = partial(Cursor, self._client, self.name, shard)
        reader = KinesisReader(shared, start, cursors, self._clock.likely() if self._clock.is_known else None)
        await reader.open()
        return reader

    def _reset(self) -> None:
        """What was in flight on an event loop that is closed never ends."""
        self._writer = Writer(self._client, self.name)
        self._shards: dict[str, SharedShard] = {}
        self._clock = ServerClock()
