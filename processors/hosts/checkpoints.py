"""Where a host keeps how far its stages have come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.streams import StreamName


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


class MemoryCheckpoints:
    """Checkpoints in this process's memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, StreamName], dict[str, Checkpoint]] = {}

    async def load(self, application: str, stream: StreamName) -> Mapping[str, Checkpoint]:
        """See Checkpoints.load."""
        return dict(self._kept.get((application, stream), {}))

    async def save(self, application: str, stream: StreamName, shard: str, checkpoint: Checkpoint) -> None:
        """See Checkpoints.save."""
        kept = self._kept.setdefault((application, stream), {})
        before = kept.get(shard, Checkpoint(None))
        if checkpoint.ended or (not before.ended and (checkpoint.sequence or 0) >= (before.sequence or 0)):
            kept[shard] = checkpoint
