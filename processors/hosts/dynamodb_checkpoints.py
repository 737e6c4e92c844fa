"""Checkpoints in the DynamoDB table Checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from processors.hosts.checkpoints import Checkpoint, Checkpoints
from shared.aws import Aws
from shared.aws.table import ConditionFailed, Table
from shared.aws.tables import CHECKPOINTS, EXPIRES_AT
from shared.clock import Clock, SystemClock
from shared.errors import StoreUnavailable
from shared.streams import StreamName

log = logging.getLogger(__name__)

#: Seconds that a checkpoint is kept from when it was written: longer than Kinesis can keep a record (365 days).
KEPT = 400 * 86_400

#: The longest sequence number that Kinesis allows. DynamoDB's numbers end at 38 digits, so they are kept as text,
#: all of one length: then the order of texts is theirs.
_DIGITS = 129


class DynamoDbCheckpoints(Checkpoints):
    """Checkpoints for any number of processes; one that is further than what is saved stays as it is.

    A stream that is deleted and made anew has the same name and the same shards: checkpoints of an earlier one, by the
    time it was made, do not count. May raise StoreUnavailable, and SetupError where the table, the stream or the right
    to use one is missing.
    """

    def __init__(self, aws: Aws, *, stream_prefix: str, table_prefix: str = "", clock: Clock | None = None) -> None:
        self._table = Table(aws.client("dynamodb", StoreUnavailable), table_prefix + CHECKPOINTS.name)
        self._kinesis = aws.client("kinesis", StoreUnavailable)
        self._stream_prefix = stream_prefix
        #: When the stream was made, epoch ms, that an application (by its key) reads.
        self._made_at: dict[str, int] = {}
        self._clock = clock or SystemClock()

    async def load(self, application: str, stream: StreamName) -> Mapping[str, Checkpoint]:
        key = self._key(application, stream)
        made_at = self._made_at[key] = await self._when_made(stream)
        found = await self._table.query(f"#{CHECKPOINTS.key} = :key", key=key)
        current = [item for item in found if item.get("made_at", made_at) == made_at]
        if len(current) < len(found):
            log.warning("%s was made anew: its earlier checkpoints do not count", key)
        return {
            item[CHECKPOINTS.sort_key]: Checkpoint(int(item["sequence"]) if item["sequence"] else None, item["ended"])
            for item in current
        }

    async def save(self, application: str, stream: StreamName, shard: str, checkpoint: Checkpoint) -> None:
        key = self._key(application, stream)
        if key not in self._made_at:
            self._made_at[key] = await self._when_made(stream)
        item = {
            CHECKPOINTS.key: key,
            CHECKPOINTS.sort_key: shard,
            "sequence": "" if checkpoint.sequence is None else f"{checkpoint.sequence:0{_DIGITS}}",
            "ended": checkpoint.ended,
            "made_at": self._made_at[key],
            EXPIRES_AT: self._clock.now() // 1000 + KEPT,
        }
        earlier = "attribute_not_exists(#made_at) OR #made_at < :made_at"
        # Where the condition fails, another worker has come further, or reads what was made since.
        with suppress(ConditionFailed):
            if checkpoint.ended:
                await self._table.put(item, f"{earlier} OR #made_at = :made_at", made_at=item["made_at"])
            else:
                further = f"{earlier} OR (#made_at = :made_at AND #ended = :no AND #sequence <= :sequence)"
                await self._table.put(item, further, made_at=item["made_at"], no=False, sequence=item["sequence"])

    def _key(self, application: str, stream: StreamName) -> str:
        return f"{application}/{self._stream_prefix}-{stream}"

    async def _when_made(self, stream: StreamName) -> int:
        name = f"{self._stream_prefix}-{stream}"
        answer = await self._kinesis.call("describe_stream_summary", StreamName=name)
        made: datetime = answer["StreamDescriptionSummary"]["StreamCreationTimestamp"]
        return round(made.timestamp() * 1000)
