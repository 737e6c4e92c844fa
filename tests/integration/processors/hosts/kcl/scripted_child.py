"""A child of KCL's daemon whose one stage does what the records' texts ask for, on streams of its own."""

from __future__ import annotations

import os
import sys
import threading

from processors.contract import Context, Input, Operator, Stage
from processors.hosts import backpressure
from processors.hosts.kcl import child
from processors.hosts.kcl.shard_host import ShardHost
from shared.errors import SetupError
from shared.metrics import MemoryMetrics
from shared.models import Segment
from shared.sessions import MemorySessionStore
from shared.settings import Settings
from shared.streams import MemoryStream, StreamName
from tests.support.refusing_stream import ALWAYS, RefusingStream


class ScriptedOperator(Operator):
    def __init__(self, context: Context) -> None:
        self._context = context

    async def process(self, received: Input) -> None:
        assert isinstance(received.record, Segment)
        text = received.record.text
        print(f"took {text}")
        os.write(1, b"and C code may print too\n")
        if text == "raise":
            raise RuntimeError("cannot stand this one")
        if text == "stand still":
            threading.Event().wait(600)
        if text != "keep":
            self._context.ack(received)

    async def close(self, closing: object) -> None:
        print(f"closed: {closing}")


class ScriptedStage(Stage):
    name = "dedup"
    reads = StreamName.SEGMENTS

    def operator(self, context: Context) -> Operator:
        return ScriptedOperator(context)

    async def close(self) -> None:
        print("gave its engine up")


class MissingStream(MemoryStream):
    """Nothing can be written to it before somebody has mended the setup."""

    async def publish(self, entries: object) -> None:
        raise SetupError("stream dead-letters does not exist")


KINDS = {"--faulty": MissingStream, "--refusing": RefusingStream}


async def host() -> ShardHost:
    if "--unready" in sys.argv:
        raise SetupError("no engine")
    kind = next((KINDS[argument] for argument in sys.argv if argument in KINDS), MemoryStream)
    if kind is RefusingStream:
        # Whatever waits is as much as the host may hold: it reads no more.
        backpressure.MAX_HELD_BYTES = 0
    streams = {name: kind(name) for name in StreamName}
    for stream in streams.values():
        if isinstance(stream, RefusingStream):
            stream.refuses = ALWAYS
    settings = Settings(max_hold=10)
    return ShardHost([ScriptedStage()], streams, MemorySessionStore(), settings=settings, metrics=MemoryMetrics())


if __name__ == "__main__":
    child.run(host, child.private_stdout(), interval=0.1, stall_timeout=1.0)
