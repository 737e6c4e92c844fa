"""The local host: one asyncio process that runs any set of stages over any streams."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from processors.contract import Closing, Stage
from processors.hosts.checkpoints import Checkpoint, Checkpoints, MemoryCheckpoints
from processors.hosts.context import Services
from processors.hosts.gate import Gate
from processors.hosts.insist import insist
from processors.hosts.patient_store import PatientStore
from processors.hosts.progress import Progress
from processors.hosts.publisher import Publisher
from processors.hosts.shard import ShardWorker
from shared.clock import Clock, SystemClock
from shared.metrics import MemoryMetrics, Metrics
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import OLDEST, Start, Stream, StreamName, ready

log = logging.getLogger(__name__)

#: Seconds between two checkpoints of a shard, and between two looks for idle operators.
_CHECKPOINT_EVERY = 0.5
_EVICT_EVERY = 60.0
#: Seconds that a stopping host tries to write its last checkpoints.
_LAST_CHECKPOINTS = 10.0


class LocalHost:
    """Runs each of `applications` (one stage, or several fused in order) on every shard of its input stream."""

    def __init__(
        self,
        applications: Sequence[Sequence[Stage]],
        streams: Mapping[StreamName, Stream],
        store: SessionStore,
        *,
        checkpoints: Checkpoints | None = None,
        settings: Settings | None = None,
        metrics: Metrics | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._applications = applications
        self._streams = streams
        self._checkpoints = checkpoints or MemoryCheckpoints()
        self._gate = Gate(self._fail)
        self._services = Services(
            clock=clock or SystemClock(),
            metrics=metrics or MemoryMetrics(),
            settings=settings or Settings(),
            store=PatientStore(store, self._gate),
            publisher=Publisher(streams, self._gate),
            watch=self._watch,
        )
        self._workers: dict[ShardWorker, Progress] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self) -> None:
        """Begins to run the stages."""
        for stages in self._applications:
            self._spawn(self._run_application(stages))
            for stage in stages:
                self._spawn(stage.watch(self._services.publisher))
        self._spawn(self._evict())

    async def run(self) -> None:
        """Runs until `stop` is called; raises what a fault of the host itself raised."""
        self.start()
        await self.ended()

    async def ended(self) -> None:
        """Returns once the host was stopped; raises what a fault of the host itself raised."""
        await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """Stops reading, closes every operator, writes the checkpoints and gives the stages' engines up."""
        await self._cancel()
        await asyncio.gather(*(worker.close(Closing.SHUTDOWN) for worker in self._workers))
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_CHECKPOINTS):
                for worker, progress in self._workers.items():
                    await progress.save(worker.low_water, self._gate)
        for progress in self._workers.values():
            progress.close()
        self._workers.clear()
        for stages in self._applications:
            for stage in stages:
                await stage.close()
        if not self._ended.done():
            self._ended.set_result(None)

    async def kill(self) -> None:
        """Ends everything where it stands, as a crash would."""
        await self._cancel()
        await asyncio.gather(*(worker.kill() for worker in self._workers))
        for progress in self._workers.values():
            progress.close()
        self._workers.clear()
        if not self._ended.done():
            self._ended.set_result(None)

    async def _run_application(self, stages: Sequence[Stage]) -> None:
        name = "+".join(stage.name for stage in stages)
        stream = stages[0].reads
        checkpoints = dict(await insist(lambda: self._checkpoints.load(name, stream), self._gate))
        finished = {shard for shard, checkpoint in checkpoints.items() if checkpoint.ended}
        started: set[str] = set()
        ended: asyncio.Queue[str] = asyncio.Queue()
        while True:
            shards = await insist(self._streams[stream].shards, self._gate)
            for shard in ready(shards, finished):
                if shard.id not in started:
                    started.add(shard.id)
                    after = checkpoints.get(shard.id, Checkpoint(None)).sequence
                    self._spawn(self._run_shard(name, stages, shard.id, after, ended))
            finished.add(await ended.get())

    async def _run_shard(
        self, application: str, stages: Sequence[Stage], shard: str, after: int | None, ended: asyncio.Queue[str]
    ) -> None:
        source = self._streams[stages[0].reads]
        start = OLDEST if after is None else Start(after=after)
        reader = await insist(lambda: source.reader(shard, start, holds=True), self._gate)
        worker = ShardWorker(stages, shard, self._services, self._gate)
        progress = Progress(self._checkpoints, application, stages[0].reads, shard, reader)
        self._workers[worker] = progress
        saving = self._spawn(self._save(worker, progress))
        while True:
            batch = await insist(reader.read, self._gate)
            await worker.feed(batch.items)
            if batch.ended:
                break
        await worker.close(Closing.SHARD_END)
        saving.cancel()
        await progress.save(worker.low_water, self._gate, ended=worker.settled)
        progress.close()
        del self._workers[worker]
        ended.put_nowait(shard)

    async def _save(self, worker: ShardWorker, progress: Progress) -> None:
        while True:
            await asyncio.sleep(_CHECKPOINT_EVERY)
            await progress.save(worker.low_water, self._gate)

    async def _evict(self) -> None:
        while True:
            await asyncio.sleep(_EVICT_EVERY)
            for worker in list(self._workers):
                await worker.evict()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._watch)
        return task

    async def _cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _watch(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the host itself failed", exc_info=error)
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)
