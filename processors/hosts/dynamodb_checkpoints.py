"""Checkpoints in the DynamoDB table Checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from processors.hosts.checkpoints import Checkpoint
from shared.aws import Aws
from shared.aws.table import ConditionFailed, Table
from shared.aws.tables import CHECKPOINTS, EXPIRES_AT
from shared.clock import Clock, SystemClock
from shared.errors import StoreUnavailable
from shared.streams import StreamName

#: Seconds that a checkpoint is kept from when it was written: longer than Kinesis can keep a record (365 days).
KEPT = 400 * 86_400

#: The longest sequence number that Kinesis allows. DynamoDB's numbers end at 38 digits, so they are kept as text,
#: all of one length: then the order of texts is theirs.
_DIGITS = 129


class DynamoDbCheckpoints:
    """Checkpoints for any number of processes; one that is further than what is saved stays as it is.

    May raise StoreUnavailable, and SetupError where the table or the right to use it is missing.
    """

    def __init__(self, aws: Aws, *, stream_prefix: str, table_prefix: str = "", clock: Clock | None = None) -> None:
        self._table = Table(aws.client("dynamodb", StoreUnavailable), table_prefix + CHECKPOINTS.name)
        self._stream_prefix = stream_prefix
        self._clock = clock or SystemClock()

    async def load(self, application: str, stream: StreamName) -> Mapping[str, Checkpoint]:
        """See Checkpoints.load."""
        found = await self._table.query(f"#{CHECKPOINTS.key} = :key", key=self._key(application, stream))
        return {
            item[CHECKPOINTS.sort_key]: Checkpoint(int(item["sequence"]) if item["sequence"] else None, item["ended"])
            for item in found
        }

    async def save(self, application: str, stream: StreamName, shard: str, checkpoint: Checkpoint) -> None:
        """See Checkpoints.save."""
        item = {
            CHECKPOINTS.key: self._key(application, stream),
            CHECKPOINTS.sort_key: shard,
            "sequence": "" if checkpoint.sequence is None else f"{checkpoint.sequence:0{_DIGITS}}",
            "ended": checkpoint.ended,
            EXPIRES_AT: self._clock.now() // 1000 + KEPT,
        }
        if checkpoint.ended:
            await self._table.put(item)
            return
        # Where the condition fails, another worker has come further.
        with suppress(ConditionFailed):
            await self._table.put(
                item,
                f"attribute_not_exists(#{CHECKPOINTS.key}) OR (#ended = :no AND #sequence <= :sequence)",
                no=False,
                sequence=item["sequence"],
            )

    def _key(self, application: str, stream: StreamName) -> str:
        return f"{application}/{self._stream_prefix}-{stream}"
