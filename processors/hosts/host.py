"""What every host shares: its operators' services, its chores, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from processors.contract import Stage
from processors.hosts.backpressure import Backpressure
from processors.hosts.crashes import Crashes
from processors.hosts.operator_context import Services
from processors.hosts.publisher import Publisher
from processors.hosts.shard_consumer import ShardConsumer
from shared.clock import Clock, SystemClock
from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import Stream, StreamName

log = logging.getLogger(__name__)

#: Seconds between two looks for idle operators.
_EVICT_EVERY = 60.0
#: Seconds between two measurements of what is held.
_MEASURE_EVERY = 10.0
#: Objects, made and not yet freed, between two looks at the young ones: more than the records of 1,000 sessions have.
_YOUNG = 50_000


class Host:
    """Runs a host's tasks and the consumers of its shards; a task that raises is a fault that ends the host.

    `crashes` is the folder that keeps which records are in hand, so that one that kills the process is known.
    """

    def __init__(
        self,
        streams: Mapping[StreamName, Stream],
        store: SessionStore,
        *,
        settings: Settings | None = None,
        metrics: Metrics | None = None,
        clock: Clock | None = None,
        crashes: Path | None = None,
    ) -> None:
        self.backpressure = Backpressure(self._fail)
        self._services = Services(
            clock=clock or SystemClock(),
            metrics=metrics or MemoryMetrics(),
            settings=settings or Settings(),
            store=store,
            publisher=Publisher(streams, self.backpressure),
            backpressure=self.backpressure,
            on_task_done=self._task_done,
        )
        self._crashes = crashes
        self._consumers: set[ShardConsumer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, stages: Sequence[Stage]) -> None:
        """Begins the stages' chores, and the host's own."""
        collect_seldom()
        for stage in stages:
            self.spawn(stage.watch(self._services.publisher))
        self.spawn(self._evict())
        self.spawn(self._measure())

    def open(self, stages: Sequence[Stage], shard: str) -> ShardConsumer:
        """The consumer of a shard of the stages' input stream."""
        application = "+".join(stage.name for stage in stages)
        crashes = Crashes.open(self._crashes, application, stages[0].reads, shard)
        consumer = ShardConsumer(stages, shard, self._services, crashes)
        self._consumers.add(consumer)
        return consumer

    def forget(self, consumer: ShardConsumer) -> None:
        """The consumer is closed."""
        self._consumers.discard(consumer)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `work` until the host ends."""
        task = self._services.start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def cancel(self) -> None:
        """Ends every task, but no consumer."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def kill(self) -> None:
        """Ends everything where it stands, as a crash would."""
        await self.cancel()
        await asyncio.gather(*(consumer.kill() for consumer in self._consumers))
        self._consumers.clear()
        self.finish()

    def finish(self) -> None:
        """The host has ended as it was asked to."""
        if not self._ended.done():
            self._ended.set_result(None)

    async def ended(self) -> None:
        """Returns once the host has ended; raises what a fault of the host itself raised."""
        await asyncio.shield(self._ended)

    async def _evict(self) -> None:
        while True:
            await asyncio.sleep(_EVICT_EVERY)
            for consumer in list(self._consumers):
                await consumer.evict()

    async def _measure(self) -> None:
        metrics = self._services.metrics
        while True:
            await asyncio.sleep(_MEASURE_EVERY)
            metrics.gauge(Metric.PARKED_BYTES, self.backpressure.parked_bytes)
            ages: dict[str, float] = {}
            for consumer in self._consumers:
                ages[consumer.stage] = max(ages.get(consumer.stage, 0.0), consumer.low_water_age)
            for stage, age in ages.items():
                metrics.gauge(Metric.LOW_WATER_AGE, age, stage=stage)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the host itself failed", exc_info=error)
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)


def collect_seldom() -> None:
    """Makes the collector look at young objects once there are 50,000 of them, not 700.

    Records make no cycles, and one's objects are freed when the next of its session has come. With Python's own
    threshold those that many sessions hold are looked at again and again before that.
    """
    young, *older = gc.get_threshold()
    # A program that has turned collections off, by 0, or made them rarer still knows why.
    if 0 < young < _YOUNG:
        gc.set_threshold(_YOUNG, *older)
