"""Runs fused stages on the one shard that KCL gives a process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from processors.contract import Closing, Stage
from processors.hosts.host import Host
from processors.hosts.shard_consumer import ShardConsumer
from processors.hosts.tip import Tip
from shared.clock import Clock
from shared.errors import LowLatencyTranslateError
from shared.metrics import Metrics
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import Item, Stream, StreamName

#: Seconds beyond every stage's MAX_HOLD that an operator may hold inputs and ack none before it counts as hung.
_GRACE = 60.0
#: Reads that KCL may have made before the one that it brings: it reads ahead of a child that is busy.
_PREFETCHED = 4
#: Seconds that the operators have for their last work when the shard goes to another owner. KCL cuts a child off after
#: 20 s, and the last checkpoint wants its share.
_DRAIN_TIMEOUT = 13.0


class DrainCutShort(LowLatencyTranslateError):
    """A shutdown did not leave the operators the time for all of their output."""


class ShardHost:
    """A Host that is driven from outside: it is given its shard and its items, and says what is acked.

    With a folder `crashes`, which outlives the process, a record that has killed three in a row is a dead letter.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        streams: Mapping[StreamName, Stream],
        store: SessionStore,
        *,
        settings: Settings,
        metrics: Metrics,
        clock: Clock | None = None,
        crashes: Path | None = None,
    ) -> None:
        self._stages = stages
        self._host = Host(streams, store, settings=settings, metrics=metrics, clock=clock, crashes=crashes)
        self._max_hold = len(stages) * settings.max_hold + _GRACE
        self._consumer: ShardConsumer | None = None
        self._accepting = True
        #: Whether the shard is on its way to another owner, which has a deadline of its own.
        self._leaving = False
        self._dropped = False
        self._tip = Tip(_PREFETCHED)
        self.shard = ""

    @property
    def low_water(self) -> int | None:
        """The sequence number up to which every item is acked; None before the first."""
        return self._consumer.low_water if self._consumer else None

    @property
    def blocked(self) -> bool:
        """Whether an output stream or the session store refuses anything, or the host holds as much as it may."""
        return self._host.backpressure.blocked

    def fault(self) -> str | None:
        """What only a restart can fix, if anything is wrong; to be asked on the loop every few seconds."""
        if self._consumer is None or self._leaving:
            return None
        now = asyncio.get_running_loop().time()
        since = self._consumer.waiting_since
        if since is not None and now - since > self._max_hold:
            return f"an operator has acked none of its inputs, nor ended, for {now - since:.0f} s"
        return None

    async def open(self, shard: str) -> None:
        """Begins to run the stages on the shard."""
        self.shard = shard
        self._consumer = self._host.open(self._stages, shard)
        self._host.start(self._stages)

    async def feed(self, items: Iterable[Item], *, at_tip: bool = False) -> None:
        """Feeds the stages the next items; waits while too much is held or nothing answers: KCL brings no more then.

        `at_tip` says that the shard held nothing behind them when they were read.
        """
        if self._accepting:
            self._tip.reading()
            await self._open_consumer.feed(items, self._tip.read(at_tip=at_tip))
        else:
            self._dropped = True

    async def end(self) -> bool:
        """Finishes what the ended shard brought; False where another worker owns some of it, or will."""
        self._accepting = False
        await self._open_consumer.close(Closing.SHARD_END)
        return self._open_consumer.settled and not self._dropped

    async def drain(self) -> None:
        """Closes every operator for the next owner of the shard; what comes now is left to it.

        Raises DrainCutShort where that took too long: what is not acked by then comes again.
        """
        self._accepting = False
        self._leaving = True
        await self._host.cancel()
        try:
            async with asyncio.timeout(_DRAIN_TIMEOUT):
                drained = await self._open_consumer.close(Closing.SHUTDOWN)
        except TimeoutError:
            await self._open_consumer.kill()
            drained = False
        if not drained:
            raise DrainCutShort("not all of its output was published in time")

    async def kill(self) -> None:
        """Ends everything at once: the shard is another's."""
        self._accepting = False
        self._leaving = True
        await self._host.kill()

    async def close(self) -> None:
        """Ends what is left and gives the stages' engines up."""
        await self.kill()
        for stage in self._stages:
            await stage.close()

    async def ended(self) -> None:
        """Returns once it is killed or closed; raises what a fault of the host itself raised."""
        await self._host.ended()

    @property
    def _open_consumer(self) -> ShardConsumer:
        if self._consumer is None:
            raise RuntimeError("expected KCL to name the shard first, got records or an end")
        return self._consumer
