"""Splits and merges shards of Kinesis, by a boto3 client."""

from __future__ import annotations

from typing import Any


def split(kinesis: Any, stream: str) -> None:
    """Halves the stream's one open shard, and waits until that is done."""
    (shard,) = open_shards(kinesis, stream)
    middle = str((1 << 127) - 1)
    kinesis.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=middle)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def merge(kinesis: Any, stream: str) -> None:
    """Joins the stream's two open shards, and waits until that is done."""
    left, right = open_shards(kinesis, stream)
    kinesis.merge_shards(StreamName=stream, ShardToMerge=left["ShardId"], AdjacentShardToMerge=right["ShardId"])
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def open_shards(kinesis: Any, stream: str) -> list[dict[str, Any]]:
    """The shards that take records."""
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    return [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
