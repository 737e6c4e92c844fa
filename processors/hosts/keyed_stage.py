"""One stage in one shard, by key, and the stage that is fused behind it."""

from __future__ import annotations

import asyncio

from processors.contract import Closing, Input, Stage
from processors.hosts.in_flight import Emission, InFlightRecord
from processors.hosts.operator_context import Services, TipTime
from processors.hosts.operator_supervisor import OperatorSupervisor
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
    """Feeds each record to its key's operator; a fused stage behind it takes what this one emits.

    An emission that a fused stage takes is durable once that stage has acked it. `tip` says up to when everything that
    had arrived was fed. A refused output is not waited for as long where a key holds `most_inputs`.
    """

    def __init__(
        self,
        stage: Stage,
        services: Services,
        behind: KeyedStage | None,
        tip: TipTime,
        most_inputs: float,
    ) -> None:
        self.stage = stage
        self._tip = tip
        self._most_inputs = most_inputs
        self._services = services
        self._behind = behind
        #: Only a fused stage reads these: they are not published.
        self._unpublished = stage.internal & {behind.stage.reads} if behind is not None else frozenset()
        self._supervisors: dict[str, OperatorSupervisor] = {}

    @property
    def waiting_since(self) -> float | None:
        """Loop time (s) since which an operator, here or in a fused stage, has held inputs and acked none.

        What waits for a stream or the store that refuses is no hang, nor is what waits for that in a fused stage:
        neither counts while it is so, and the time until then does not count afterwards.
        """
        waits: list[float] = []
        self._look(waits)
        return min(waits, default=None)

    def feed(self, record: Record, arrived_at: int, in_flight: InFlightRecord) -> Parking:
        """Hands a record to its operator; says what that holds."""
        key = self.stage.key(record)
        supervisor = self._supervisors.get(key)
        if supervisor is None:
            supervisor = self._supervisors[key] = OperatorSupervisor(
                self.stage, key, self._services, self._deliver, self._tip, self._most_inputs
            )
            self._gauge()
        supervisor.feed(Input(record, arrived_at), in_flight)
        return supervisor.parking

    async def evict(self) -> None:
        """Closes the operators that have been idle for long and hold nothing."""
        oldest = asyncio.get_running_loop().time() - IDLE
        idle = [key for key, one in self._supervisors.items() if one.idle_since is not None and one.idle_since < oldest]
        evicted = [self._supervisors.pop(key) for key in idle]
        self._gauge()
        for supervisor in evicted:
            await supervisor.finish(Closing.SHUTDOWN)
            await supervisor.drain()
        if self._behind is not None:
            await self._behind.evict()

    async def close(self, closing: Closing) -> bool:
        """Closes every operator; those of a fused stage after those before it, whose last emissions it takes.

        False where a shutdown did not leave the time for all of the output.
        """
        supervisors = list(self._supervisors.values())
        await asyncio.gather(*(supervisor.finish(closing) for supervisor in supervisors))
        taken = self._behind is None or await self._behind.close(closing)
        taken &= all(await asyncio.gather(*(supervisor.drain() for supervisor in supervisors)))
        self._supervisors.clear()
        self._gauge()
        return taken

    async def kill(self) -> None:
        """Ends every operator where it stands."""
        await asyncio.gather(*(supervisor.kill() for supervisor in self._supervisors.values()))
        if self._behind is not None:
            await self._behind.kill()

    def _look(self, waits: list[float]) -> dict[str, float]:
        """Adds since when operators wait, and gives the loop time up to which each session is excused, by its id."""
        excused = self._behind._look(waits) if self._behind is not None else {}
        for key, supervisor in self._supervisors.items():
            session = key.partition("/")[0]
            until = max(excused.get(session, _NEVER), supervisor.parking.excused_until)
            if (since := supervisor.waiting_since) is not None and until < _FOR_EVER:
                waits.append(max(since, until))
        for key, supervisor in self._supervisors.items():
            if (until := supervisor.parking.excused_until) > _NEVER:
                session = key.partition("/")[0]
                excused[session] = max(excused.get(session, _NEVER), until)
        return excused

    def _deliver(self, outbox: Outbox, stream: StreamName, record: Record) -> None:
        fused = self._behind if self._behind is not None and self._behind.stage.reads is stream else None
        entry = None if stream in self._unpublished else Entry(record.key, encode(record))
        if entry is not None:
            entry.check()
        emission = Emission(stream, entry, unconfirmed=(entry is not None) + (fused is not None))
        outbox.emit(emission)
        if fused is not None:
            fused.feed(record, self._services.clock.now(), InFlightRecord(stream, emission.confirm))

    def _gauge(self) -> None:
        self._services.metrics.gauge(Metric.OPEN_OPERATORS, len(self._supervisors), stage=self.stage.name)
