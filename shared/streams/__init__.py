"""Streams: what the stages read from and publish to, and their names."""

from shared.streams.base import LATEST, OLDEST, Batch, Entry, Item, Shard, ShardReader, Start, Stream, ready
from shared.streams.memory import MemoryStream
from shared.streams.names import StreamName

__all__ = [
    "LATEST",
    "OLDEST",
    "Batch",
    "Entry",
    "Item",
    "MemoryStream",
    "Shard",
    "ShardReader",
    "Start",
    "Stream",
    "StreamName",
    "ready",
]
