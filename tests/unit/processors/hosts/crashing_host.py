"""A host in a process of its own, on streams that each such process finds alike, whose operator may kill the process.

`python -m tests.unit.processors.hosts.crashing_host HOST FOLDER TEXT ...` feeds a segment of each text, and prints the numbers
that came out and the dead letters' errors once all of them are accounted for.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from processors.contract import Context, Input, Operator
from processors.hosts.kcl.shard_host import ShardHost
from processors.hosts.local import LocalHost
from shared.codec import encode
from shared.models import DeadLetter, Segment
from shared.settings import Settings
from shared.streams import Item
from tests.unit.processors.hosts.local_host_harness import DEAD, SEGMENTS, UNIQUE, CopyStage, LocalHostHarness, segment


class CrashingOperator(Operator):
    """Passes every segment on, but some texts kill the process."""

    def __init__(self, context: Context) -> None:
        self.context = context

    async def process(self, received: Input) -> None:
        record = received.record
        assert isinstance(record, Segment)
        if record.text == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if record.text == "die later":
            # What it holds is not acked: a thread of an engine works on it.
            asyncio.get_running_loop().call_later(0.3, os._exit, 1)
            return
        if record.text == "hang":
            await asyncio.sleep(0.05)
            os._exit(1)
        await asyncio.sleep(0.01)
        self.context.emit(UNIQUE, record)
        self.context.ack(received)


class CrashingStage(CopyStage):
    def operator(self, context: Context) -> Operator:
        return CrashingOperator(context)


async def main(host: str, folder: Path, texts: list[str]) -> None:
    harness = LocalHostHarness()
    records = []
    for number, text in enumerate(texts, 1):
        made = segment(number, f"talk-{number % 2}")
        records.append(Segment(**{name: getattr(made, name) for name in made.__dataclass_fields__} | {"text": text}))
    stages = [CrashingStage("dedup", SEGMENTS, UNIQUE)]
    running: LocalHost | ShardHost
    if host == "local":
        await harness.put(*records)
        running = LocalHost([stages], harness.streams, harness.store, crashes=folder)
        running.start()
    else:
        running = ShardHost(
            stages, harness.streams, harness.store, settings=Settings(), metrics=harness.metrics, crashes=folder
        )
        await running.open("shardId-000000000000")
        # As Kinesis numbers them.
        first = 49590338271490256608559692538361571095921575989136588898
        await running.feed([Item(first + place, encode(record), 0) for place, record in enumerate(records)])
    out: list[Segment] = []
    dead_letters: list[DeadLetter] = []
    while len(out) + len(dead_letters) < len(texts):
        await asyncio.sleep(0.05)
        out, dead_letters = await harness.read(UNIQUE), await harness.read(DEAD)
    print(json.dumps([sorted(record.number for record in out), [letter.error for letter in dead_letters]]))
    await running.kill()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
