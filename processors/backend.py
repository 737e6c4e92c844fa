"""What a pipeline runs on: its streams, its session items, its checkpoints, its kept translations and what it spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from processors.hosts.checkpoints import Checkpoints, MemoryCheckpoints
from processors.translate.cache import MemoryTranslationCache, TranslationCache
from processors.translate.usage import MemoryUsage, Usage
from shared.sessions import MemorySessionStore, SessionStore
from shared.settings import Settings
from shared.streams import MemoryStream, Stream, StreamName


class Reader(StrEnum):
    """Who reads the streams of a backend: a shard's 5 reads a second are for all of them together."""

    WORKER = "worker"
    SINK = "sink"


@dataclass(frozen=True)
class Backend:
    """Everything that outlives an operator; `memory` and `kinesis` make one."""

    streams: Mapping[StreamName, Stream]
    #: The sessions' items.
    store: SessionStore
    checkpoints: Checkpoints
    #: Translations that may be used again, and the characters that were paid for.
    cache: TranslationCache
    usage: Usage

    async def check(self) -> None:
        """Raises ResourceMissing where a stream or the table of sessions does not exist, or another SetupError."""
        for stream in self.streams.values():
            await stream.shards()
        await self.store.open_sessions()


def memory(settings: Settings) -> Backend:
    """Streams and sessions of this process alone, gone with it."""
    return Backend(
        {name: MemoryStream(name) for name in StreamName},
        MemorySessionStore(),
        MemoryCheckpoints(),
        MemoryTranslationCache(settings.translation_cache_size),
        MemoryUsage(),
    )


def kinesis(settings: Settings, reader: Reader = Reader.WORKER) -> Backend:
    """Kinesis streams and DynamoDB tables, by the usual AWS means; raises SetupError where AWS is not set up.

    The settings STREAM_PREFIX and TABLE_PREFIX name them; `reader` says who reads, and so which setting is the time
    between two reads of a shard: WORKER_READ_INTERVAL or SINK_READ_INTERVAL.
    """
    # boto3 takes a third of a second to import: only those who use it wait for that.
    from processors.hosts.dynamodb_checkpoints import DynamoDbCheckpoints  # noqa: PLC0415
    from processors.translate.dynamodb_cache import DynamoDbTranslationCache  # noqa: PLC0415
    from processors.translate.dynamodb_usage import DynamoDbUsage  # noqa: PLC0415
    from shared.aws import Aws  # noqa: PLC0415
    from shared.sessions.dynamodb import DynamoDbSessionStore  # noqa: PLC0415
    from shared.streams.kinesis import kinesis_streams  # noqa: PLC0415

    aws = Aws()
    interval = settings.worker_read_interval if reader is Reader.WORKER else settings.sink_read_interval
    prefix = settings.table_prefix
    return Backend(
        kinesis_streams(aws, settings.stream_prefix, interval),
        DynamoDbSessionStore(aws, prefix),
        DynamoDbCheckpoints(aws, stream_prefix=settings.stream_prefix, table_prefix=prefix),
        DynamoDbTranslationCache(MemoryTranslationCache(settings.translation_cache_size), aws, prefix),
        DynamoDbUsage(aws, prefix),
    )
