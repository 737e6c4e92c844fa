"""How old a checkpoint is, and how long what stands behind it has waited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from cli.workers.leases import SHARD_END, TRIM_HORIZON
from shared.aws import Aws, AwsError
from shared.backoff import retry_while_unavailable
from shared.clock import Clock, SystemClock
from shared.errors import ResourceMissing, StreamUnavailable
from shared.streams import Shard
from shared.streams.kinesis import KinesisStream
from shared.streams.kinesis.read_pacer import ReadPacer

#: Shards that are looked at at once.
_AT_ONCE = 16
#: Reads of one shard, and seconds between them: a read may bring nothing though records follow, and a shard allows
#: 5 a second for all its readers.
_READS, _INTERVAL = 5, 0.2
#: Records a read: the one at the checkpoint, and the first behind it.
_LIMIT = 2


class Lag(NamedTuple):
    """Age of the checkpointed record, and lag: age of the first record behind it, 0 where there is none (ms).

    None where it cannot be told, or where there is no such record.
    """

    age: int | None
    lag: int | None


class Shards:
    """Looks at the shards of streams. Its methods may raise StreamUnavailable and SetupError."""

    def __init__(self, aws: Aws, clock: Clock | None = None) -> None:
        self._client = aws.client("kinesis", StreamUnavailable)
        self._clock = clock or SystemClock()
        self._permits = asyncio.Semaphore(_AT_ONCE)

    async def of(self, stream: str) -> Sequence[Shard]:
        """The shards of a stream; none where there is no such stream."""
        try:
            return await retry_while_unavailable(KinesisStream(self._client, stream, ReadPacer(_INTERVAL)).shards)
        except ResourceMissing:
            return ()

    async def lag(self, stream: str, shard: str, checkpoint: str) -> Lag:
        """How far behind a lease's checkpoint is."""
        if checkpoint == SHARD_END:
            return Lag(None, 0)
        place: dict[str, Any]
        if checkpoint.isdecimal():
            place = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": checkpoint}
        elif checkpoint == TRIM_HORIZON:
            place = {"ShardIteratorType": TRIM_HORIZON}
        else:
            # Where the latest was when its worker began, no lease says.
            return Lag(None, None)
        async with self._permits:
            try:
                answer = await self._call("get_shard_iterator", StreamName=stream, ShardId=shard, **place)
                return await self._measured(answer["ShardIterator"], int(checkpoint) if checkpoint.isdecimal() else -1)
            except ResourceMissing:
                return Lag(None, None)
            except AwsError as error:
                # The stream was made anew, and does not know the sequence number.
                if error.code != "InvalidArgumentException":
                    raise
                return Lag(None, None)

    async def _measured(self, iterator: str, checkpoint: int) -> Lag:
        age: int | None = None
        behind = 0
        for _ in range(_READS):
            answer = await self._call("get_records", ShardIterator=iterator, Limit=_LIMIT)
            for record in answer["Records"]:
                arrived = record["ApproximateArrivalTimestamp"].timestamp() * 1000
                waited = max(0, self._clock.now() - round(arrived))
                if int(record["SequenceNumber"]) > checkpoint:
                    return Lag(age, waited)
                age = waited
            behind = answer.get("MillisBehindLatest", 0)
            if "NextShardIterator" not in answer or not behind:
                return Lag(age, 0)
            iterator = answer["NextShardIterator"]
            await asyncio.sleep(_INTERVAL)
        return Lag(age, behind)

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return await retry_while_unavailable(partial(self._client.call, operation, **parameters))
