"""Runs fused stages over one shard of their input stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from processors.contract import Closing, Stage
from processors.hosts.crashes import FATAL, Crashes
from processors.hosts.dead_letters import DeadLetterQueue
from processors.hosts.in_flight import InFlight, InFlightRecord
from processors.hosts.keyed_stage import KeyedStage
from processors.hosts.operator_context import Services
from processors.hosts.outbox import Outbox
from processors.hosts.parking import Parking
from shared.codec import UnknownRecord, decode
from shared.errors import CodecError
from shared.metrics import Metric
from shared.models import Record, stamped
from shared.streams import Item


class ShardConsumer:
    """Takes a shard's items in order and says up to where their work is done.

    `crashes` knows which items processes died of: one that is suspected of it is fed alone, one that has killed too
    many is a dead letter before anything looks at it.
    """

    def __init__(self, stages: Sequence[Stage], shard: str, services: Services, crashes: Crashes) -> None:
        self._shard = shard
        self._stream = stages[0].reads
        self.stage = stages[0].name
        self._services = services
        self._crashes = crashes
        self._backpressure = services.backpressure
        self._closing = False
        self._tip: float | None = None
        self._in_flight = InFlight()
        parking = Parking(f"{self.stage} {shard}", services.backpressure, services.settings.max_park)
        self._dead_letters = DeadLetterQueue(self.stage, shard, services.publisher, services.clock, services.metrics)
        #: The dead letters of items that no operator has.
        self._rejected = Outbox(
            services.publisher, parking, services.start_task, self._dead_letters.divert, _unnoticed, self._not_rejected
        )
        self._ingests = stages[0].ingests
        self._head = self._chain(stages)

    @property
    def low_water(self) -> int | None:
        """The sequence number up to which every item is acked; None before the first."""
        return self._in_flight.low_water

    @property
    def low_water_age(self) -> float:
        """Seconds since the oldest item arrived that is not acked; 0 where there is none."""
        oldest = self._in_flight.oldest
        return 0.0 if oldest is None else max(0, self._services.clock.now() - oldest) / 1000

    @property
    def settled(self) -> bool:
        """Whether every item is acked; after a shard's end it is not where another worker owns a session."""
        return self._in_flight.settled

    @property
    def tip(self) -> float | None:
        """Loop time (s) up to which everything that had arrived in the shard was handed over; None where unknown."""
        return self._tip

    @property
    def waiting_since(self) -> float | None:
        """Loop time (s) since which an operator has held inputs and acked none; None where none holds any."""
        return self._head.waiting_since

    async def feed(self, items: Iterable[Item], tip: float | None = None) -> None:
        """Takes the next items; waits while too much is held, or a whole stream or the store answers nothing.

        `tip` is the loop time (s) up to which the shard holds nothing behind them; None where it may hold more.
        """
        self._tip = None
        await self._backpressure.until_answered()
        for item in items:
            if self._backpressure.full:
                await self._backpressure.until_room()
            suspect = self._crashes.suspect(item.sequence)
            if suspect:
                await self._crashes.alone()
            parking = self._take(item)
            if suspect:
                await self._crashes.alone()
            if parking is not None and parking.crowded:
                # One that is parked is decided on by its own bound, and holds up nobody.
                await self._backpressure.until(lambda key=parking: key.parked or not key.crowded)  # type: ignore[misc]
        self._tip = tip

    async def evict(self) -> None:
        """Closes operators that have been idle for long, unless all of them are closing."""
        if not self._closing:
            await self._head.evict()

    async def close(self, closing: Closing) -> bool:
        """Closes every operator and returns once what they said last is out; False where a shutdown cut it short."""
        self._closing = True
        taken = await self._head.close(closing)
        if closing is Closing.SHARD_END:
            await self._rejected.drained()
        await self._rejected.close()
        self._crashes.close()
        return taken

    async def kill(self) -> None:
        """Ends everything where it stands, as a crash would."""
        await self._rejected.close()
        await self._head.kill()
        self._crashes.close()

    def _chain(self, stages: Sequence[Stage]) -> KeyedStage:
        """The first of the fused stages, which has the others behind it."""
        behind: KeyedStage | None = None
        for at, stage in reversed(list(enumerate(stages))):
            # What a fused stage is given, it has at once.
            tip = asyncio.get_running_loop().time if at else lambda: self._tip
            most_inputs = min((before.most_waiting for before in stages[:at]), default=float("inf"))
            behind = KeyedStage(stage, self._services, behind, tip, most_inputs)
        assert behind is not None
        return behind

    def _take(self, item: Item) -> Parking | None:
        """Hands an item to its operator; says what the operator's key holds, where it has one."""
        sequence = item.sequence
        in_flight = InFlightRecord(
            self._stream,
            partial(self._acked, sequence),
            self._shard,
            sequence,
            item.arrived_at,
            len(item.data),
            on_process=partial(self._crashes.begin, sequence),
            on_processed=partial(self._crashes.end, sequence),
        )
        self._in_flight.add(in_flight)
        if self._crashes.fatal(sequence):
            self._reject(in_flight, item.data, f"{FATAL} processes in a row died that had it in hand")
            return None
        self._crashes.begin(sequence)
        try:
            record = decode(item.data)
        except CodecError as error:
            self._reject(in_flight, item.data, str(error))
            return None
        if isinstance(record, UnknownRecord):
            self._services.metrics.count(Metric.UNKNOWN_RECORDS, stage=self.stage)
            in_flight.ack()
            return None
        if isinstance(record, self._ingests):
            record = self._ingested(record, item.arrived_at)
        self._observe_transit(record)
        parking = self._head.feed(record, item.arrived_at, in_flight)
        self._crashes.end(sequence)
        return parking

    def _acked(self, sequence: int) -> None:
        self._in_flight.advance()
        self._crashes.acked(sequence)

    def _ingested(self, record: Record, arrived_at: int) -> Record:
        """The record with its arrival, from which the pipeline counts."""
        delay = arrived_at - record.captured_at
        self._services.metrics.observe(Metric.CAPTURE_TO_INGEST_LATENCY, delay)
        if delay < 0:
            self._services.metrics.count(Metric.CLOCK_SKEW_DETECTED)
        return stamped(record, "ingest", arrived_at)

    def _observe_transit(self, record: Record) -> None:
        left_at = max(record.hops.values(), default=None)
        if left_at is not None:
            transit = self._services.clock.now() - left_at
            self._services.metrics.observe(Metric.TRANSIT_LATENCY, transit, stage=self.stage)

    def _reject(self, in_flight: InFlightRecord, data: bytes, error: str) -> None:
        self._rejected.emit(self._dead_letters.of_item(in_flight, data, error))
        self._rejected.ack(in_flight)

    def _not_rejected(self, error: Exception) -> None:
        raise error


def _unnoticed() -> None:
    """No key holds what was rejected."""
