"""KCL's daemon, simulated: it leases shards to itself, reads them, and speaks with a child a shard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from processors.contract import Stage
from processors.hosts.checkpoints import Checkpoint
from shared.streams import OLDEST, Batch, ShardReader, Start, ready
from tests.conformance.host_under_test import HostEnvironment
from tests.conformance.kcl.child import Child, ChildDied
from tests.conformance.kcl.shard_protocol import ShardProtocol

#: Seconds between two reads that find nothing, for a child to answer a shutdown, and for a daemon to be back.
IDLE, GRACE, RESTART = 0.4, 20.0, 5.0


class MultiLangDaemon:
    """One worker of one application: a child a shard, leases and checkpoints as KCL keeps them.

    Where a child dies, the whole daemon ends, as KCL's does, and is started again after a while. What the child died
    of is told, as is what it may never say: a fault that no test has planned.
    """

    def __init__(self, stages: Sequence[Stage], environment: HostEnvironment) -> None:
        self._stages = stages
        self._environment = environment
        self._application = "+".join(stage.name for stage in stages)
        self._source = environment.streams[stages[0].reads]
        self._children: dict[Child, ShardReader] = {}
        self._stopping = asyncio.Event()
        self._lost = asyncio.Event()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._life: asyncio.Task[None] | None = None

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
        await asyncio.wait({self._life}, timeout=2 * GRACE)
        if not self._life.done():
            # A child is stuck with records in hand, so that it never hears of the shutdown.
            await self.kill()
            self._ended.set_result(None)
        for stage in self._stages:
            await stage.close()

    async def ended(self) -> None:
        await self._ended

    def lose_leases(self) -> None:
        """Another worker has every lease of this one, for good; it learns of that behind the records in hand."""
        self._lost.set()

    async def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._lead()
            except ExceptionGroup as failures:
                for failure in failures.exceptions:
                    self._environment.crashed(failure.__cause__ or failure)
                await self._kill_children()
                if failures.split(ChildDied)[1] is not None:
                    # What is said is wrong: saying it again helps nobody.
                    break
                await asyncio.sleep(RESTART)
        self._ended.set_result(None)

    async def _lead(self) -> None:
        stream = self._stages[0].reads
        checkpoints = await self._environment.checkpoints.load(self._application, stream)
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
        reader = await self._source.reader(shard, OLDEST if after is None else Start(after=after), retain=True)
        child = Child(self._stages, self._environment)
        self._children[child] = reader
        await child.start()
        protocol = ShardProtocol(child, self._environment, (self._application, self._stages[0].reads, shard), reader)
        await protocol.initialize(after)
        batch = Batch(())
        while not batch.ended and not self._stopping.is_set() and not self._lost.is_set():
            try:
                # wait_for would lose a cancellation that comes together with a batch (Python 3.11).
                async with asyncio.timeout(IDLE):
                    batch = await reader.read()
            except TimeoutError:
                batch = Batch((), at_tip=True)
            await protocol.process_records(batch)
        if batch.ended:
            await protocol.say("shardEnded")
            assert protocol.ended, "a child has confirmed the shard's end without a checkpoint"
        elif self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await protocol.say("shutdownRequested")
                    await protocol.say("leaseLost")
        else:
            await protocol.say("leaseLost")
        await child.close()
        self._children.pop(child).close()
        if batch.ended:
            ended.put_nowait(shard)

    async def _kill_children(self) -> None:
        for child, reader in list(self._children.items()):
            await child.kill()
            reader.close()
            self._children.pop(child, None)
