"""One stage's runners in one shard, and what it is fused with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processors.contract import Closing, Input, Stage
from processors.hosts.emission import Emission
from processors.hosts.operator_context import Services, Tip
from processors.hosts.operator_supervisor import OperatorSupervisor
from processors.hosts.origin import Origin
from processors.hosts.outbox import Outbox
from processors.hosts.parking import Parking
from shared.codec import encode
from shared.metrics import Metric
from shared.models import Record
from shared.streams import Entry, StreamName

#: Seconds without a record after which an operator that holds nothing is given up.
IDLE = 300.0
_NEVER, _FOR_EVER = float("-inf"), float("inf")


class KeyedStage:
    """Feeds each record to its key's runner; a fused stage behind it takes what this one emits.

    An emission that a fused stage takes is durable once that stage has released it. `private` streams are read by
    a fused stage alone and so are not published. `tip` says up to when everything that had arrived was fed.
    A refused output is not waited for as long where a key holds `most_inputs`.
    """

    def __init__(
        self,
        stage: Stage,
        services: Services,
        behind: KeyedStage | None,
        private: frozenset[StreamName],
        tip: Tip,
        most_inputs: float,
    ) -> None:
        self.stage = stage
        self._tip = tip
        self._most_inputs = most_inputs
        self._services = services
        self._behind = behind
        self._private = private
        self._runners: dict[str, OperatorSupervisor] = {}

    @property
    def waiting_since(self) -> float | None:
        """Loop time (s) since which an operator, here or in a fused stage, has held inputs and released none.

        What waits for a stream or the store that refuses is no hang, nor is what waits for that in a fused stage:
        neither counts while it is so, and the time until then does not count afterwards.
        """
        waits: list[float] = []
        self._look(waits)
        return min(waits, default=None)

    def feed(self, record: Record, arrived_at: int, origin: Origin) -> Parking:
        """Hands a record to its operator; says what that holds."""
        key = self.stage.key(record)
        runner = self._runners.get(key)
        if runner is None:
            runner = self._runners[key] = OperatorSupervisor(
                self.stage, key, self._services, self._deliver, self._tip, self._most_inputs
            )
            self._gauge()
        runner.feed(Input(record, arrived_at), origin)
        return runner.parking

    async def evict(self) -> None:
        """Closes the operators that have been idle for long and hold nothing."""
        oldest = asyncio.get_running_loop().time() - IDLE
        idle = [key for key, r in self._runners.items() if r.idle_since is not None and r.idle_since < oldest]
        evicted = [self._runners.pop(key) for key in idle]
        self._gauge()
        for runner in evicted:
            await runner.finish(Closing.SHUTDOWN)
            await runner.drain()
        if self._behind is not None:
            await self._behind.evict()

    async def close(self, closing: Closing) -> bool:
        """Closes every operator; those of a fused stage after those before it, whose last emissions it takes.

        False where a shutdown did not leave the time for all of the output.
        """
        runners = list(self._runners.values())
        await asyncio.gather(*(runner.finish(closing) for runner in runners))
        taken = self._behind is None or await self._behind.close(closing)
        taken &= all(await asyncio.gather(*(runner.drain() for runner in runners)))
        self._runners.clear()
        self._gauge()
        return taken

    async def kill(self) -> None:
        """Ends every operator where it stands."""
        await asyncio.gather(*(runner.kill() for runner in self._runners.values()))
        if self._behind is not None:
            await self._behind.kill()

    def _look(self, waits: list[float]) -> dict[str, float]:
        """Adds since when operators wait, and gives the loop time up to which each session is excused, by its id."""
        excused = self._behind._look(waits) if self._behind is not None else {}
        for key, runner in self._runners.items():
            session = key.partition("/")[0]
            until = max(excused.get(session, _NEVER), runner.parking.excused_until)
            if (since := runner.waiting_since) is not None and until < _FOR_EVER:
                waits.append(max(since, until))
        for key, runner in self._runners.items():
            if (until := runner.parking.excused_until) > _NEVER:
                session = key.partition("/")[0]
                excused[session] = max(excused.get(session, _NEVER), until)
        return excused

    def _deliver(self, outbox: Outbox, stream: StreamName, record: Record) -> None:
        fused = self._behind if self._behind is not None and self._behind.stage.reads is stream else None
        entry = None if stream in self._private else Entry(record.key, encode(record))
        if entry is not None:
            entry.check()
        emission = Emission(stream, entry, waits=(entry is not None) + (fused is not None))
        outbox.emit(emission)
        if fused is not None:
            fused.feed(record, self._services.clock.now(), _origin(stream, emission.confirm))

    def _gauge(self) -> None:
        self._services.metrics.gauge(Metric.OPEN_OPERATORS, len(self._runners), stage=self.stage.name)


def _origin(stream: StreamName, on_release: Callable[[], None]) -> Origin:
    return Origin(stream, shard="", sequence="", on_release=on_release)
