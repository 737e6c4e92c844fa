"""The shards of a stream, as Kinesis lists them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from shared.aws import AwsClient
from shared.streams.kinesis.server_clock import ServerClock


async def list_shards(client: AwsClient, stream: str, clock: ServerClock | None = None) -> list[dict[str, Any]]:
    """Every shard of the stream, ended ones too, in the service's own words; `clock` is set by the answers."""
    shards: list[dict[str, Any]] = []
    which = {"StreamName": stream}
    while True:
        asked_at = asyncio.get_running_loop().time()
        answer = await client.call("list_shards", **which)
        if clock is not None:
            clock.sync(answer, asked_at)
        shards += answer["Shards"]
        if "NextToken" not in answer:
            return shards
        which = {"NextToken": answer["NextToken"]}


def parents(shard: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the shards that it was split or merged from."""
    return tuple(filter(None, (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))))
