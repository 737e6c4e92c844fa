"""Records whose data are numbers, on the first shard of a scripted stream."""

from __future__ import annotations

import asyncio

from shared.streams import ShardReader
from tests.support.scripted_kinesis import ScriptedKinesis

SHARD = "shardId-000000000000"


def numbers(first: int, last: int) -> list[str]:
    """The data of the records from `first` to `last`."""
    return [str(number) for number in range(first, last + 1)]


async def write(kinesis: ScriptedKinesis, first: int, last: int, every: float) -> None:
    """Another process writes numbers, one every so many s."""
    for number in numbers(first, last):
        kinesis.stream.put("k", number.encode())
        await asyncio.sleep(every)


async def read(reader: ShardReader, into: list[str]) -> None:
    """Reads to the shard's end."""
    while True:
        batch = await reader.read()
        into.extend(item.data.decode() for item in batch.items)
        if batch.ended:
            return
