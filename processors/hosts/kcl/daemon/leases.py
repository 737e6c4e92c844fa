"""The lease table of an application: made and filled before KCL would, and given up after it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon import tables
from shared.aws import Aws
from shared.aws.table import ConditionFailed, Item, Table
from shared.errors import StoreUnavailable, StreamUnavailable

#: KCL's own name for the index that it wants: which leases has a worker?
_INDEX = "LeaseOwnerToLeaseKeyIndex"


class LeaseTable:
    """KCL finds an empty table only after a random wait of up to 30 s: so it is filled here before the first start."""

    def __init__(self, aws: Aws, application: Application) -> None:
        self._kinesis = aws.client("kinesis", StreamUnavailable)
        self._dynamodb = aws.client("dynamodb", StoreUnavailable)
        self._stream = application.stream
        self._table = Table(self._dynamodb, application.name)

    async def seed(self, position: str) -> int:
        """Makes the table where there is none, and the leases of a first start; returns how many it made.

        `position` is `trim_horizon`, which begins with the shards that have no parent (KCL adds the children at
        their parents' end), or `latest`, which begins with the open ones. A table that KCL has worked on is left as
        it is. Several may do this at once. Raises StoreUnavailable or StreamUnavailable for what may pass.
        """
        await tables.ensure(self._dynamodb, self._table.name, "leaseKey", index=_INDEX, indexed="leaseOwner")
        shards = await self._shards()
        first = _roots(shards) if position == "trim_horizon" else _open(shards)
        leases = {shard["ShardId"]: _lease(shard, position.upper()) for shard in first}
        found = await self._leases()
        # KCL deletes the leases of shards that are done, which must not begin again.
        if not all(key in leases and checkpoint == position.upper() for key, checkpoint in found.items()):
            return 0
        made = await asyncio.gather(*(self._make(lease) for key, lease in leases.items() if key not in found))
        return sum(made)

    async def release(self, worker: str) -> int:
        """Gives up the leases that the worker has, so that others need not wait; returns how many there were.

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

    async def _shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        page: dict[str, str] = {"StreamName": self._stream}
        while page:
            answer = await self._kinesis.call("list_shards", **page)
            shards += answer["Shards"]
            page = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
        return shards

    async def _leases(self) -> dict[str, str]:
        """Every lease's checkpoint."""
        leases: dict[str, str] = {}
        where: dict[str, Any] = {}
        while True:
            answer = await self._dynamodb.call("scan", TableName=self._table.name, ConsistentRead=True, **where)
            leases |= {item["leaseKey"]["S"]: item.get("checkpoint", {}).get("S", "") for item in answer["Items"]}
            if "LastEvaluatedKey" not in answer:
                return leases
            where = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _parents(shard: dict[str, Any]) -> set[str]:
    return {shard[name] for name in ("ParentShardId", "AdjacentParentShardId") if shard.get(name)}


def _roots(shards: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The shards whose parents, if they had any, are no longer there to be read."""
    known = {shard["ShardId"] for shard in shards}
    return (shard for shard in shards if not _parents(shard) & known)


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
    if parents := _parents(shard):
        lease["parentShardId"] = parents
    return lease
