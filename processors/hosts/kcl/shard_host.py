"""Runs fused stages on the one shard that KCL gives a process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from processors.contract import Closing, Stage
from processors.hosts.core import HostCore
from processors.hosts.shard import ShardWorker
from shared.clock import Clock
from shared.metrics import Metrics
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import Item, Stream, StreamName

#: Seconds beyond every stage's MAX_HOLD that an input may be held before its operator counts as hung.
_GRACE = 60.0


class ShardHost:
    """The core of a host, driven from outside: it is given its shard and its items, and says what is released."""

    def __init__(
        self,
        stages: Sequence[Stage],
        streams: Mapping[StreamName, Stream],
        store: SessionStore,
        *,
        settings: Settings,
        metrics: Metrics,
        clock: Clock | None = None,
    ) -> None:
        self._stages = stages
        self._core = HostCore(streams, store, settings=settings, metrics=metrics, clock=clock)
        self._longest_hold = len(stages) * settings.max_hold + _GRACE
        self._worker: ShardWorker | None = None
        self._taking = True
        self.shard = ""

    @property
    def low_water(self) -> int | None:
        """The sequence number up to which every item is released; None before the first."""
        return self._worker.low_water if self._worker else None

    @property
    def blocked(self) -> bool:
        """Whether an output stream or the session store refuses."""
        return not self._core.gate.is_open

    @property
    def hung(self) -> bool:
        """Whether an item is held for longer than any stage may, though nothing refuses: to be asked on the loop."""
        held_since = self._worker.held_since if self._worker else None
        if held_since is None or self.blocked:
            return False
        now = asyncio.get_running_loop().time()
        return now - max(held_since, self._core.gate.opened_at) > self._longest_hold

    async def open(self, shard: str) -> None:
        """Begins to run the stages on the shard."""
        self.shard = shard
        self._worker = self._core.open(self._stages, shard)
        self._core.start(self._stages)

    async def feed(self, items: Iterable[Item]) -> None:
        """Takes the next items; waits while an output refuses or too much is held: KCL brings no more meanwhile."""
        if self._taking:
            await self._opened.feed(items)

    async def end(self) -> bool:
        """Finishes what the ended shard brought; False where another worker owns a session of it."""
        self._taking = False
        await self._opened.close(Closing.SHARD_END)
        return self._opened.settled

    async def drain(self) -> None:
        """Closes every operator for the next owner of the shard; what comes now is left to it."""
        self._taking = False
        await self._core.cancel()
        await self._opened.close(Closing.SHUTDOWN)

    async def kill(self) -> None:
        """Ends everything where it stands: the shard is another's."""
        self._taking = False
        await self._core.kill()

    async def close(self) -> None:
        """Ends what is left and gives the stages' engines up."""
        await self.kill()
        for stage in self._stages:
            await stage.close()

    async def ended(self) -> None:
        """Returns once it is killed or closed; raises what a fault of the host itself raised."""
        await self._core.ended()

    @property
    def _opened(self) -> ShardWorker:
        if self._worker is None:
            raise RuntimeError("expected KCL to name the shard first, got records or an end")
        return self._worker
