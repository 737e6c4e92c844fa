"""How far one application has come on one shard, and its checkpoint of that."""

from __future__ import annotations

from processors.hosts.backpressure import Backpressure
from processors.hosts.checkpoints import Checkpoint, Checkpoints
from processors.hosts.insist import insist
from shared.streams import ShardReader, StreamName


class Progress:
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

    async def save(self, low_water: int | None, pressure: Backpressure, *, ended: bool = False) -> None:
        """Writes the checkpoint if it is news, waiting out an unavailable store."""
        checkpoint = Checkpoint(low_water, ended)
        if checkpoint == self._saved:
            return
        await insist(lambda: self._checkpoints.save(self._application, self._stream, self._shard, checkpoint), pressure)
        self._saved = checkpoint
        if low_water is not None:
            self._reader.done(low_water)

    def close(self) -> None:
        """Gives up the place in the shard."""
        self._reader.close()
