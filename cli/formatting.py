"""How captions and shards read on a terminal."""

from __future__ import annotations

from shared.clean import clean
from sinks import Caption

_SHARD = "shardId-"


def labelled(caption: Caption) -> str:
    """Its text in one line, behind its speaker where speakers are told apart."""
    return clean(caption.text if caption.speaker is None else f"{caption.speaker}: {caption.text}")


def short_shard(shard: str) -> str:
    """The number of a Kinesis shard, such as 12 for shardId-000000000012; any other name as it is."""
    number = shard.removeprefix(_SHARD)
    return str(int(number)) if number != shard and number.isdecimal() else shard
