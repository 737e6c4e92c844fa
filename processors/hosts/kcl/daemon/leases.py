"""The lease table of an application: made and filled before KCL would, and released after it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from processors.hosts.kcl.application import Application
from shared.aws import Aws
from shared.aws.table import ConditionFailed, Item, Table
from shared.aws.table_admin import TableDefinition, ensure
from shared.errors import StoreUnavailable, StreamUnavailable
from shared.streams.kinesis.listing import list_shards, parents

#: KCL's own name for the index that it wants: which leases has a worker?
_INDEX = "LeaseOwnerToLeaseKeyIndex"


class LeaseTable:
    """KCL finds an empty table only after a random wait of up to 30 s: so it is filled here before the first start."""

    def __init__(self, aws: Aws, application: Application) -> None:
        self._kinesis = aws.client("kinesis", StreamUnavailable)
        self._dynamodb = aws.client("dynamodb", StoreUnavailable)
        self._stream = application.stream
        self._definition = TableDefinition(application.name, "leaseKey", index="leaseOwner", index_name=_INDEX)
        self._table = Table(self._dynamodb, application.name)

    async def seed(self, position: str) -> int:
        """Makes the table where there is none, and the leases of a first start; returns how many it made.

        `position` is `trim_horizon`, which begins with the shards that have no parent (KCL adds the children at
        their parents' end), or `latest`, which begins with the open ones. A table that KCL has worked on is left as
        it is. Several may do this at once. Raises StoreUnavailable or StreamUnavailable for what may pass.
        """
        await ensure(self._dynamodb, self._definition)
        shards = await list_shards(self._kinesis, self._stream)
        first = _roots(shards) if position == "trim_horizon" else _open(shards)
        leases = {shard["ShardId"]: _lease(shard, position.upper()) for shard in first}
        found = {lease["leaseKey"]: lease.get("checkpoint", "") for lease in await self._table.scan()}
        # KCL deletes the leases of shards that are done, which must not begin again.
        if not all(key in leases and checkpoint == position.upper() for key, checkpoint in found.items()):
            return 0
        made = await asyncio.gather(*(self._make(lease) for key, lease in leases.items() if key not in found))
        return sum(made)

    async def release(self, worker: str) -> int:
        """Releases the leases that the worker has, so that others need not wait; returns how many there were.

        The worker must have ended.
        """
        owned = await self._table.query("#leaseOwner = :owner", index=_INDEX, owner=worker)
        return sum(await asyncio.gather(*(self._release(lease["leaseKey"], worker) for lease in owned)))

    async def _release(self, key: str, worker: str) -> bool:
        try:
            await self._table.update(
                {"leaseKey": key},
                "REMOVE #leaseOwner ADD #leaseCounter :one",
                "#leaseOwner = :owner",
                owner=worker,
                one=1,
            )
        except ConditionFailed:
            return False
        return True

    async def _make(self, lease: Item) -> bool:
        try:
            await self._table.put(lease, "attribute_not_exists(#leaseKey)")
        except ConditionFailed:
            return False
        return True


def _roots(shards: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The shards whose parents, if they had any, are no longer there to be read."""
    known = {shard["ShardId"] for shard in shards}
    return (shard for shard in shards if known.isdisjoint(parents(shard)))


def _open(shards: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return (shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"])


def _lease(shard: dict[str, Any], checkpoint: str) -> Item:
    """A lease as KCL writes one that nobody has."""
    lease: Item = {
        "leaseKey": shard["ShardId"],
        "checkpoint": checkpoint,
        "checkpointSubSequenceNumber": 0,
        "leaseCounter": 0,
        "ownerSwitchesSinceCheckpoint": 0,
        "startingHashKey": shard["HashKeyRange"]["StartingHashKey"],
        "endingHashKey": shard["HashKeyRange"]["EndingHashKey"],
    }
    if of := parents(shard):
        lease["parentShardId"] = set(of)
    return lease
