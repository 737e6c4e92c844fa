"""KCL's daemon, played: it speaks the MultiLang protocol over pipes with children that are threads, on virtual time."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from amazon_kclpy.kcl import KCLProcess

from processors.contract import Stage
from processors.hosts.checkpoints import Checkpoint
from processors.hosts.kcl.record_processor import RecordProcessor
from processors.hosts.kcl.shard_host import ShardHost
from shared.streams import OLDEST, Batch, ShardReader, Start, ready
from tests.conformance.host import Surroundings
from tests.support.virtual_time import VirtualLoop

Returned = TypeVar("Returned")

#: Seconds between two reads that find nothing, for a child to answer a shutdown, and for a daemon to be back.
IDLE, GRACE, RESTART = 0.4, 20.0, 5.0


class ChildDied(Exception):
    """A child closed its end of the protocol."""


class Child:
    """What `processors.hosts.kcl.child` is in a process of its own; virtual time waits while its thread is at work."""

    def __init__(self, stages: Sequence[Stage], around: Surroundings) -> None:
        self._loop = asyncio.get_running_loop()
        self._around = around
        self._stages = stages
        self.host = ShardHost(
            stages, around.streams, around.store, settings=around.settings, metrics=around.metrics, clock=around.clock
        )
        to_child, from_daemon = os.pipe()
        from_child, to_daemon = os.pipe()
        self._input = os.fdopen(to_child, encoding="utf-8")
        self._output = os.fdopen(to_daemon, "w", encoding="utf-8")
        self._requests = os.fdopen(from_daemon, "w", encoding="utf-8")
        self._answers = os.fdopen(from_child, "rb")
        self._reader = asyncio.StreamReader()
        self._transport: asyncio.ReadTransport | None = None
        self._at_work = False
        self._dead = False
        self._gone = asyncio.Event()
        self._working: asyncio.Task[Any] | None = None
        self._guard = asyncio.create_task(self._fail_with_host())
        self._thread = threading.Thread(target=self._serve)

    async def start(self) -> None:
        """Begins to listen to the daemon."""
        self._transport, _ = await self._loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), self._answers
        )
        self._thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Writes a line to the child."""
        self._hold()
        with suppress(BrokenPipeError):
            self._requests.write(json.dumps(message) + "\n")
            self._requests.flush()

    async def answer(self) -> Mapping[str, Any]:
        """The next line from the child; raises ChildDied at its end."""
        while line := await self._reader.readline():
            if line.strip():
                self._let_go()
                answer: Mapping[str, Any] = json.loads(line)
                return answer
        raise ChildDied

    async def kill(self) -> None:
        """Ends it where it stands."""
        self._dead = True
        self._guard.cancel()
        await self.host.kill()
        await self._close()

    async def close(self) -> None:
        """The end of the protocol: the child ends by itself."""
        self._guard.cancel()
        await self._close()
        await self.host.kill()

    async def _close(self) -> None:
        self._hold()
        if self._working is not None:
            self._working.cancel()
        self._requests.close()
        await self._gone.wait()
        self._thread.join()
        if self._transport is not None:
            self._transport.close()
        self._input.close()
        with suppress(BrokenPipeError):
            self._output.close()

    # What RecordProcessor knows as its Loop, on the child's thread.

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        return asyncio.run_coroutine_threadsafe(self._paced(work), self._loop).result()

    def sleep(self, seconds: float) -> None:
        self.call(asyncio.sleep(seconds))

    def time(self) -> float:
        return self._loop.time()

    async def _paced(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """The thread waits meanwhile."""
        self._let_go()
        self._working = asyncio.current_task()
        try:
            if self._dead:
                work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            self._working = None
            self._hold()

    def _serve(self) -> None:
        processor = RecordProcessor(self.host, self, _crash)
        with suppress(SystemExit, BrokenPipeError):
            KCLProcess(processor, input_file=self._input, output_file=self._output).run()
        self._loop.call_soon_threadsafe(self._went)

    def _went(self) -> None:
        """The thread has ended, and with it what it could have said."""
        self._dead = True
        self._let_go()
        self._gone.set()
        self._reader.feed_eof()

    async def _fail_with_host(self) -> None:
        """A fault of the host itself ends the process."""
        try:
            await self.host.ended()
        except Exception:
            self._dead = True
            self._reader.feed_eof()

    def _hold(self) -> None:
        if not self._at_work and not self._gone.is_set():
            self._at_work = True
            assert isinstance(self._loop, VirtualLoop)
            self._loop.hold()

    def _let_go(self) -> None:
        if self._at_work:
            self._at_work = False
            assert isinstance(self._loop, VirtualLoop)
            self._loop.let_go()


def _crash(error: BaseException) -> NoReturn:
    raise SystemExit(1) from error


class MultiLangDaemon:
    """One worker of one application: a child a shard, leases and checkpoints as KCL keeps them.

    Where a child dies, the whole daemon ends, as KCL's does, and is started again after a while.
    """

    def __init__(self, stages: Sequence[Stage], around: Surroundings) -> None:
        self._stages = stages
        self._around = around
        self._application = "+".join(stage.name for stage in stages)
        self._source = around.streams[stages[0].reads]
        self._children: dict[Child, ShardReader] = {}
        self._stopping = asyncio.Event()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._life: asyncio.Task[None] | None = None
        #: How often a child died by itself.
        self.crashes = 0

    def start(self) -> None:
        self._life = asyncio.create_task(self._live())

    async def kill(self) -> None:
        """The daemon and its children, all at once."""
        assert self._life is not None
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)
        await self._kill_children()

    async def stop(self) -> None:
        assert self._life is not None
        self._stopping.set()
        await self._life
        for stage in self._stages:
            await stage.close()

    async def ended(self) -> None:
        await self._ended

    async def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._lead()
            except ExceptionGroup as failures:
                if failures.split(ChildDied)[1] is not None:
                    self._ended.set_exception(failures)
                    raise
                self.crashes += 1
                await self._kill_children()
                await asyncio.sleep(RESTART)
        self._ended.set_result(None)

    async def _lead(self) -> None:
        stream = self._stages[0].reads
        checkpoints = await self._around.checkpoints.load(self._application, stream)
        finished = {shard for shard, checkpoint in checkpoints.items() if checkpoint.ended}
        started: set[str] = set()
        ended: asyncio.Queue[str | None] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            stop = group.create_task(self._pass_on_stop(ended))
            while True:
                for shard in ready(await self._source.shards(), finished):
                    if shard.id not in started:
                        started.add(shard.id)
                        after = checkpoints.get(shard.id, Checkpoint(None)).sequence
                        group.create_task(self._process(shard.id, after, ended))
                done = await ended.get()
                if done is None:
                    break
                finished.add(done)
            stop.cancel()

    async def _pass_on_stop(self, ended: asyncio.Queue[str | None]) -> None:
        await self._stopping.wait()
        ended.put_nowait(None)

    async def _process(self, shard: str, after: int | None, ended: asyncio.Queue[str | None]) -> None:
        reader = await self._source.reader(shard, OLDEST if after is None else Start(after=after), holds=True)
        child = Child(self._stages, self._around)
        self._children[child] = reader
        await child.start()
        conversation = Conversation(child, self._around, (self._application, self._stages[0].reads, shard), reader)
        await conversation.initialize(after)
        batch = Batch(())
        while not batch.ended and not self._stopping.is_set():
            try:
                batch = await asyncio.wait_for(reader.read(), IDLE)
            except TimeoutError:
                batch = Batch(())
            await conversation.process_records(batch)
        if batch.ended:
            await conversation.say("shardEnded")
            assert conversation.ended, "a child has confirmed the shard's end without a checkpoint"
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await conversation.say("shutdownRequested")
                    await conversation.say("leaseLost")
        await child.close()
        self._children.pop(child).close()
        ended.put_nowait(shard)

    async def _kill_children(self) -> None:
        while self._children:
            child, reader = self._children.popitem()
            await child.kill()
            reader.close()


class Conversation:
    """What a daemon and a child say to each other about one shard."""

    def __init__(self, child: Child, around: Surroundings, place: tuple[str, Any, str], reader: ShardReader) -> None:
        self._child = child
        self._around = around
        self._place = place
        self._reader = reader
        self._delivered = 0
        self._written = 0
        self.ended = False

    async def initialize(self, after: int | None) -> None:
        self._written = self._delivered = after or 0
        sequence = "TRIM_HORIZON" if after is None else str(after)
        await self.say("initialize", shardId=self._place[2], sequenceNumber=sequence, subSequenceNumber=0)

    async def process_records(self, batch: Batch) -> None:
        if batch.items:
            self._delivered = batch.items[-1].sequence
        records = [
            {
                "action": "record",
                "data": base64.b64encode(item.data).decode(),
                "partitionKey": "key",
                "sequenceNumber": str(item.sequence),
                "subSequenceNumber": 0,
                "approximateArrivalTimestamp": item.arrived_at,
            }
            for item in batch.items
        ]
        await self.say("processRecords", records=records, millisBehindLatest=0)

    async def say(self, action: str, **more: Any) -> None:
        """Says it, writes the checkpoints that the child asks for meanwhile, and returns once it has confirmed."""
        self._child.send({"action": action, **more})
        while (answer := await self._child.answer())["action"] == "checkpoint":
            error = await self._checkpoint(action, answer["sequenceNumber"])
            self._child.send({**answer, "error": error})
        assert answer == {"action": "status", "responseFor": action}

    async def _checkpoint(self, action: str, sequence: str | None) -> str | None:
        """Writes it, or names the exception by which KCL would refuse it."""
        if action == "leaseLost":
            return "ShutdownException"
        if sequence is None:
            if action != "shardEnded":
                return "IllegalArgumentException"
            self.ended = True
            await self._around.checkpoints.save(*self._place, Checkpoint(self._delivered, ended=True))
            self._reader.done(self._delivered)
            return None
        if not self._written < int(sequence) <= self._delivered:
            return "IllegalArgumentException"
        self._written = int(sequence)
        await self._around.checkpoints.save(*self._place, Checkpoint(self._written))
        self._reader.done(self._written)
        return None
