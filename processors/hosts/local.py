"""The local host: one asyncio process that runs any set of stages over any streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from processors.contract import Closing, Stage
from processors.hosts.backpressure import retry_until_available
from processors.hosts.checkpoints import Checkpoint, Checkpointer, Checkpoints, MemoryCheckpoints
from processors.hosts.host import Host
from processors.hosts.shard_consumer import ShardConsumer
from processors.hosts.tip import Tip
from shared.clock import Clock
from shared.metrics import Metrics
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import OLDEST, Start, Stream, StreamName, ready

#: Seconds between two checkpoints of a shard.
_CHECKPOINT_EVERY = 0.5
#: Seconds that a stopping host tries to write its last checkpoints.
_LAST_CHECKPOINTS = 10.0


class LocalHost:
    """Runs each of `applications` (one stage, or several fused in order) on every shard of its input stream.

    With a folder `crashes`, which outlives the process, a record that has killed three in a row is a dead letter.
    """

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
        crashes: Path | None = None,
    ) -> None:
        self._applications = applications
        self._streams = streams
        self._checkpoints = checkpoints or MemoryCheckpoints()
        self._host = Host(streams, store, settings=settings, metrics=metrics, clock=clock, crashes=crashes)
        self._consumers: dict[ShardConsumer, Checkpointer] = {}

    def start(self) -> None:
        """Begins to run the stages."""
        for stages in self._applications:
            self._host.spawn(self._run_application(stages))
        self._host.start([stage for stages in self._applications for stage in stages])

    async def run(self) -> None:
        """Runs until `stop` is called; raises what a fault of the host itself raised."""
        self.start()
        await self.ended()

    async def ended(self) -> None:
        """Returns once the host was stopped; raises what a fault of the host itself raised."""
        await self._host.ended()

    async def stop(self) -> None:
        """Stops reading, closes every operator, writes the checkpoints and gives the stages' engines up."""
        await self._host.cancel()
        await asyncio.gather(*(consumer.close(Closing.SHUTDOWN) for consumer in self._consumers))
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_CHECKPOINTS):
                for consumer, checkpointer in self._consumers.items():
                    await checkpointer.save(consumer.low_water, self._host.backpressure)
        self._close()
        for stages in self._applications:
            for stage in stages:
                await stage.close()
        self._host.finish()

    async def kill(self) -> None:
        """Ends everything where it stands, as a crash would."""
        await self._host.kill()
        self._close()

    async def _run_application(self, stages: Sequence[Stage]) -> None:
        name = "+".join(stage.name for stage in stages)
        stream = stages[0].reads
        checkpoints = dict(
            await retry_until_available(lambda: self._checkpoints.load(name, stream), self._host.backpressure)
        )
        finished = {shard for shard, checkpoint in checkpoints.items() if checkpoint.ended}
        started: set[str] = set()
        ended: asyncio.Queue[str] = asyncio.Queue()
        while True:
            shards = await retry_until_available(self._streams[stream].shards, self._host.backpressure)
            for shard in ready(shards, finished):
                if shard.id not in started:
                    started.add(shard.id)
                    after = checkpoints.get(shard.id, Checkpoint(None)).sequence
                    self._host.spawn(self._run_shard(name, stages, shard.id, after, ended))
            finished.add(await ended.get())

    async def _run_shard(
        self, application: str, stages: Sequence[Stage], shard: str, after: int | None, ended: asyncio.Queue[str]
    ) -> None:
        source = self._streams[stages[0].reads]
        start = OLDEST if after is None else Start(after=after)
        reader = await retry_until_available(lambda: source.reader(shard, start, retain=True), self._host.backpressure)
        consumer = self._host.open(stages, shard)
        checkpointer = Checkpointer(self._checkpoints, application, stages[0].reads, shard, reader)
        self._consumers[consumer] = checkpointer
        saving = self._host.spawn(self._save(consumer, checkpointer))
        tip = Tip()
        while True:
            tip.reading()
            batch = await retry_until_available(reader.read, self._host.backpressure)
            await consumer.feed(batch.items, tip.read(at_tip=batch.at_tip))
            if batch.ended:
                break
        await consumer.close(Closing.SHARD_END)
        saving.cancel()
        await checkpointer.save(consumer.low_water, self._host.backpressure, ended=consumer.settled)
        checkpointer.close()
        del self._consumers[consumer]
        self._host.forget(consumer)
        ended.put_nowait(shard)

    async def _save(self, consumer: ShardConsumer, checkpointer: Checkpointer) -> None:
        while True:
            await asyncio.sleep(_CHECKPOINT_EVERY)
            await checkpointer.save(consumer.low_water, self._host.backpressure)

    def _close(self) -> None:
        for checkpointer in self._consumers.values():
            checkpointer.close()
        self._consumers.clear()
