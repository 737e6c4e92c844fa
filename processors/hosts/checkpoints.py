"""Checkpoints: where a host keeps how far its stages have come, and when it writes that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from processors.hosts.backpressure import Backpressure, retry_until_available
from shared.streams import ShardReader, StreamName


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a shard is done with: the low-water mark (None for nothing yet), or the whole of an ended shard."""

    sequence: int | None
    ended: bool = False


class Checkpoints(Protocol):
    """Checkpoints by application (the stages' names), stream and shard. May raise StoreUnavailable: try again."""

    async def load(self, application: str, stream: StreamName) -> Mapping[str, Checkpoint]:
        """The checkpoints of a stream's shards."""

    async def save(self, application: str, stream: StreamName, shard: str, checkpoint: Checkpoint) -> None:
        """Keeps the checkpoint; it only rises."""


class MemoryCheckpoints(Checkpoints):
    """Checkpoints in this process's memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, StreamName], dict[str, Checkpoint]] = {}

    async def load(self, application: str, stream: StreamName) -> Mapping[str, Checkpoint]:
        return dict(self._kept.get((application, stream), {}))

    async def save(self, application: str, stream: StreamName, shard: str, checkpoint: Checkpoint) -> None:
        kept = self._kept.setdefault((application, stream), {})
        before = kept.get(shard, Checkpoint(None))
        if checkpoint.ended or (not before.ended and (checkpoint.sequence or 0) >= (before.sequence or 0)):
            kept[shard] = checkpoint


class Checkpointer:
    """Writes a checkpoint where the low-water mark has risen, and lets the stream forget what is done."""

    def __init__(
        self, checkpoints: Checkpoints, application: str, stream: StreamName, shard: str, reader: ShardReader
    ) -> None:
        self._checkpoints = checkpoints
        self._application = application
        self._stream = stream
        self._shard = shard
        self._reader = reader
        self._saved = Checkpoint(None)

    async def save(self, low_water: int | None, backpressure: Backpressure, *, ended: bool = False) -> None:
        """Writes the checkpoint if it is news, waiting out an unavailable store."""
        checkpoint = Checkpoint(low_water, ended)
        if checkpoint == self._saved:
            return
        await retry_until_available(
            lambda: self._checkpoints.save(self._application, self._stream, self._shard, checkpoint), backpressure
        )
        self._saved = checkpoint
        if low_water is not None:
            self._reader.ack_until(low_water)

    def close(self) -> None:
        """Gives up the place in the shard."""
        self._reader.close()
