"""A row for every shard of every KCL application of a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cli.workers.lag import Lag, Shards
from cli.workers.leases import TRIM_HORIZON, Key, Lease, Leases, read_leases, stale_leases
from cli.workers.tables import KclTables
from processors.hosts.kcl.application import Application, applications
from shared.aws import Aws
from shared.errors import StoreUnavailable
from shared.settings import Settings
from shared.streams import Shard

#: The longest failover time (s) that is waited out to tell owners that are gone.
_LONGEST_FAILOVER = 15.0


#: The shards of each stream by their ids.
Listed = Mapping[str, Mapping[str, Shard]]


class State(StrEnum):
    """Of a shard: whether somebody works on it."""

    OWNED = "owned"
    #: It has an owner, who has not renewed the lease for the failover time.
    STALE = "stale"
    FREE = "free"
    #: No lease was made for it yet; those of a shard's children are made when it has ended.
    UNLEASED = "unleased"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Row:
    """A shard as an application sees it; `checkpoint` is as KCL keeps it, ages are in ms (see Lag)."""

    application: str
    stream: str
    shard: str
    owner: str | None
    state: State
    checkpoint: str | None
    checkpoint_age_ms: int | None
    lag_ms: int | None


class Report:
    """Reads leases and shards of every application whose lease table exists."""

    def __init__(self, settings: Settings) -> None:
        aws = Aws()
        self._settings = settings
        self._dynamodb = aws.client("dynamodb", StoreUnavailable)
        self._tables = KclTables(aws, settings)
        self._shards = Shards(aws)

    async def rows(self) -> Sequence[Row]:
        """The rows, by application and shard; may raise StreamUnavailable, StoreUnavailable and SetupError."""
        there = set(await self._tables.names())
        found = [application for application in applications(self._settings) if application.name in there]
        leases, listed = await asyncio.gather(read_leases(self._dynamodb, found), self._listed(found))
        keys = _keys(found, leases, listed)
        stale_keys, lags = await asyncio.gather(
            self._stale(leases), asyncio.gather(*(self._lag(key, leases.get(key), listed) for key in keys))
        )
        return [_row(key, leases.get(key), lag, stale_keys) for key, lag in zip(keys, lags, strict=True)]

    async def _listed(self, found: Iterable[Application]) -> Listed:
        streams = list({application.stream for application in found})
        shards = await asyncio.gather(*map(self._shards.of, streams))
        return {stream: {shard.id: shard for shard in of} for stream, of in zip(streams, shards, strict=True)}

    async def _stale(self, leases: Leases) -> set[Key]:
        failover = self._settings.kcl_failover_time
        return await stale_leases(self._dynamodb, leases, failover) if failover <= _LONGEST_FAILOVER else set()

    async def _lag(self, key: Key, lease: Lease | None, listed: Listed) -> Lag:
        stream = key.application.stream
        if lease is not None:
            checkpoint = lease.checkpoint
        elif listed[stream][key.shard].parents:
            checkpoint = TRIM_HORIZON
        else:
            checkpoint = self._settings.kcl_initial_position.upper()
        return await self._shards.lag(stream, key.shard, checkpoint)


def _keys(found: Iterable[Application], leases: Leases, listed: Listed) -> list[Key]:
    """Every lease, and every shard that will have one: not those whose lease went when their children had theirs."""
    keys: list[Key] = []
    for application in found:
        leased = {key.shard for key in leases if key.application == application}
        shards = listed[application.stream]
        past = _ancestors(leased, shards)
        keys += [Key(application, shard) for shard in sorted(leased | (shards.keys() - past))]
    return keys


def _ancestors(leased: Iterable[str], shards: Mapping[str, Shard]) -> set[str]:
    found: set[str] = set()
    left = [shard for shard in leased if shard in shards]
    while left:
        parents = [parent for parent in shards[left.pop()].parents if parent in shards and parent not in found]
        found.update(parents)
        left += parents
    return found


def _row(key: Key, lease: Lease | None, lag: Lag, stale: set[Key]) -> Row:
    if lease is None:
        state = State.UNLEASED
    elif lease.ended:
        state = State.ENDED
    elif lease.owner is None:
        state = State.FREE
    else:
        state = State.STALE if key in stale else State.OWNED
    owner, checkpoint = (lease.owner, lease.checkpoint) if lease else (None, None)
    return Row(key.application.label, key.application.stream, key.shard, owner, state, checkpoint, lag.age, lag.lag)
