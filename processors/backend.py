"""What a pipeline runs on: its streams, its session items, its checkpoints, its kept translations and what it spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from processors.hosts.checkpoints import Checkpoints, MemoryCheckpoints
from processors.translate.cache import MemoryTranslationCache, TranslationCache
from processors.translate.usage import MemoryUsage, Usage
from shared.errors import SettingError
from shared.sessions import MemorySessionStore, SessionStore
from shared.settings import Settings
from shared.streams import MemoryStream, Stream, StreamName

#: The settings that name streams and tables, and those that a program needs which speaks or listens on them. One that
#: runs no stage refuses no other: Kubernetes sets METRICS_PORT for a service of that name.
NAMES = ("STREAM_PREFIX", "TABLE_PREFIX")
REACH = ("STREAMS", *NAMES, "SINK_READ_INTERVAL")


class Kind(StrEnum):
    """The backends there are."""

    MEMORY = "memory"
    KINESIS = "kinesis"


class Reader(StrEnum):
    """Who reads the streams of a backend: each has its share of a shard's reads."""

    WORKER = "worker"
    SINK = "sink"


@dataclass(frozen=True)
class Backend:
    """Everything that outlives an operator."""

    streams: Mapping[StreamName, Stream]
    store: SessionStore
    checkpoints: Checkpoints
    cache: TranslationCache
    ledger: Usage


async def check(backend: Backend) -> None:
    """Raises SetupError where a stream or the table of sessions is missing."""
    for stream in backend.streams.values():
        await stream.shards()
    await backend.store.open_sessions()


def memory(settings: Settings) -> Backend:
    """Streams and sessions of this process alone, gone with it."""
    return Backend(
        {name: MemoryStream(name) for name in StreamName},
        MemorySessionStore(),
        MemoryCheckpoints(),
        MemoryTranslationCache(settings.translation_cache_size),
        MemoryUsage(),
    )


def shared_backend(settings: Settings, streams: str | None, reader: Reader) -> Backend:
    """A backend that several processes reach; `streams` goes before the setting STREAMS.

    Raises SettingError for one that they do not, and SetupError where AWS is not set up.
    """
    kind = streams or settings.streams
    if kind != Kind.KINESIS:
        raise SettingError(
            f"STREAMS={kind}: expected kinesis, since other processes are to reach the streams; "
            "add --streams kinesis, or set STREAMS=kinesis"
        )
    return kinesis(settings, reader)


def kinesis(settings: Settings, reader: Reader) -> Backend:
    """Kinesis streams and DynamoDB tables, by the usual AWS means; raises SetupError."""
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
