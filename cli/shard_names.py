"""Names as tables show them."""

from __future__ import annotations

_SHARD = "shardId-"


def short_shard(shard: str) -> str:
    """The number of a Kinesis shard, such as 12 for shardId-000000000012; any other name as it is."""
    number = shard.removeprefix(_SHARD)
    return str(int(number)) if number != shard and number.isdecimal() else shard
