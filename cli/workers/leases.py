"""The leases of KCL applications: who holds which shard, up to where it is done, and whether the holder lives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from processors.hosts.kcl.application import Application
from shared.aws import AwsClient
from shared.aws.table import Item, Table
from shared.backoff import retry_while_unavailable
from shared.errors import ResourceMissing

#: What a lease's checkpoint says where it is no sequence number.
SHARD_END, TRIM_HORIZON = "SHARD_END", "TRIM_HORIZON"
#: Seconds between two reads of the leases.
_POLL_INTERVAL = 0.3


class Key(NamedTuple):
    """Whose lease it is, and of which shard."""

    application: Application
    shard: str


@dataclass(frozen=True, slots=True)
class Lease:
    """One item of a lease table; `counter` rises each time that the owner renews it."""

    owner: str | None
    checkpoint: str
    counter: int

    @property
    def ended(self) -> bool:
        """Whether everything on the shard is done, and nothing more will come."""
        return self.checkpoint == SHARD_END


Leases = Mapping[Key, Lease]


async def read_leases(dynamodb: AwsClient, applications: Iterable[Application]) -> Leases:
    """Every lease, read consistently; an application whose table is gone, or not ready, has none."""
    found = await asyncio.gather(*(_read(dynamodb, application) for application in applications))
    return {key: lease for leases in found for key, lease in leases.items()}


async def stale_leases(dynamodb: AwsClient, leases: Leases, seconds: float) -> set[Key]:
    """The leases whose owner does not renew them for so long; returns as soon as every other was renewed.

    KCL renews a lease three times in its failover time: after that it may be taken by another worker.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    left = {key for key, lease in leases.items() if lease.owner is not None and not lease.ended}
    while left and loop.time() < deadline:
        await asyncio.sleep(min(_POLL_INTERVAL, deadline - loop.time()))
        seen = await read_leases(dynamodb, {key.application for key in left})
        left = {key for key in left if key in seen and seen[key].counter == leases[key].counter}
    return left


async def _read(dynamodb: AwsClient, application: Application) -> dict[Key, Lease]:
    try:
        items = await retry_while_unavailable(Table(dynamodb, application.name).scan)
    except ResourceMissing:
        return {}
    return {Key(application, item["leaseKey"]): _lease(item) for item in items}


def _lease(item: Item) -> Lease:
    return Lease(item.get("leaseOwner"), item["checkpoint"], item["leaseCounter"])
