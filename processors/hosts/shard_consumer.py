"""Runs fused stages over one shard of their input stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

from processors.contract import Closing, Stage
from processors.hosts.crashes import FATAL, Crashes
from processors.hosts.dead_letters import bury
from processors.hosts.emission import Emission
from processors.hosts.in_flight import InFlight, InFlightRecord
from processors.hosts.keyed_stage import KeyedStage
from processors.hosts.operator_context import Services
from processors.hosts.origin import Origin
from processors.hosts.outbox import Outbox
from processors.hosts.parking import Parking
from shared.codec import UnknownRecord, decode
from shared.errors import CodecError
from shared.metrics import Metric
from shared.models import AudioFrame, DeadLetter, Record, stamped
from shared.streams import Item, StreamName

#: Where stability is fused with what is behind it, a session has 100 claimed segments under way at most. One parked
#: language that holds so many of them is decided on before it keeps the others waiting.
_MOST_CLAIMS = 90
_OF_CLAIMS = frozenset({StreamName.SEGMENTS, StreamName.UNIQUE_SEGMENTS, StreamName.TRANSLATIONS})


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
        self._pressure = services.pressure
        self._closing = False
        self._tip: float | None = None
        self._ledger = InFlight()
        parking = Parking(f"{self.stage} {shard}", services.pressure, services.settings.max_park)
        #: What could not be read, and waits for its dead letter.
        self._stray: deque[InFlightRecord] = deque()
        self._strays = Outbox(
            services.publisher, parking, self._begin, _never_buried, self._release_stray, self._stray_failed
        )
        names = {stage.reads for stage in stages[1:]}
        private = frozenset({StreamName.SEGMENTS} & names)
        lane: KeyedStage | None = None
        for stage in reversed(stages):
            # What a fused stage is given, it has at once.
            tip = asyncio.get_running_loop().time if stage is not stages[0] else lambda: self._tip
            most_inputs = _MOST_CLAIMS if private and stage.reads in _OF_CLAIMS else float("inf")
            lane = KeyedStage(stage, services, lane, private, tip, most_inputs)
        assert lane is not None
        self._lane = lane

    @property
    def low_water(self) -> int | None:
        """The sequence number up to which every item is released; None before the first."""
        return self._ledger.low_water

    @property
    def low_water_age(self) -> float:
        """Seconds since the oldest item arrived that is not released; 0 where there is none."""
        oldest = self._ledger.oldest
        return 0.0 if oldest is None else max(0, self._services.clock.now() - oldest) / 1000

    @property
    def settled(self) -> bool:
        """Whether every item is released; after a shard's end it is not where another worker owns a session."""
        return self._ledger.settled

    @property
    def tip(self) -> float | None:
        """Loop time (s) up to which everything that had arrived in the shard was handed over; None where unknown."""
        return self._tip

    @property
    def waiting_since(self) -> float | None:
        """Loop time (s) since which an operator has held inputs and released none; None where none holds any."""
        return self._lane.waiting_since

    async def feed(self, items: Iterable[Item], tip: float | None = None) -> None:
        """Takes the next items; waits while too much is held, or a whole stream or the store answers nothing.

        `tip` is the loop time (s) up to which the shard holds nothing behind them; None where it may hold more.
        """
        self._tip = None
        await self._pressure.answers()
        for item in items:
            if self._pressure.full:
                await self._pressure.room()
            suspect = self._crashes.suspect(item.sequence)
            if suspect:
                await self._crashes.alone()
            parking = self._take(item)
            if suspect:
                await self._crashes.alone()
            if parking is not None and parking.crowded:
                # One that is parked is decided on by its own bound, and holds up nobody.
                await self._pressure.until(lambda key=parking: key.parked or not key.crowded)  # type: ignore[misc]
        self._tip = tip

    async def evict(self) -> None:
        """Closes operators that have been idle for long, unless all of them are closing."""
        if not self._closing:
            await self._lane.evict()

    async def close(self, closing: Closing) -> bool:
        """Closes every operator and returns once what they said last is out; False where a shutdown cut it short."""
        self._closing = True
        taken = await self._lane.close(closing)
        if closing is Closing.SHARD_END:
            await self._strays.drained()
        await self._strays.close()
        self._crashes.close()
        return taken

    async def kill(self) -> None:
        """Ends everything where it stands, as a crash would."""
        await self._strays.close()
        await self._lane.kill()
        self._crashes.close()

    def _take(self, item: Item) -> Parking | None:
        """Hands an item to its operator; says what the operator's key holds, where it has one."""
        place = self._ledger.add(item.sequence, item.arrived_at)
        if self._crashes.fatal(item.sequence):
            self._refuse(item, place, f"{FATAL} processes in a row died that had it in hand")
            return None
        self._crashes.take(item.sequence)
        try:
            record = decode(item.data)
        except CodecError as error:
            self._refuse(item, place, str(error))
            return None
        if isinstance(record, UnknownRecord):
            self._services.metrics.count(Metric.UNKNOWN_RECORDS, stage=self.stage)
            self._release(place)
            return None
        if isinstance(record, AudioFrame):
            record = self._ingested(record, item.arrived_at)
        self._observe_transit(record)
        origin = Origin(
            self._stream,
            self._shard,
            str(item.sequence),
            on_release=partial(self._release, place),
            size=len(item.data),
            on_take=partial(self._crashes.take, item.sequence),
            on_taken=partial(self._crashes.taken, item.sequence),
        )
        parking = self._lane.feed(record, item.arrived_at, origin)
        self._crashes.taken(item.sequence)
        return parking

    def _release(self, place: InFlightRecord) -> None:
        self._ledger.release(place)
        self._crashes.released(place.sequence)

    def _ingested(self, frame: AudioFrame, arrived_at: int) -> AudioFrame:
        delay = arrived_at - frame.captured_at
        self._services.metrics.observe(Metric.CAPTURE_TO_INGEST_LATENCY, delay)
        if delay < 0:
            self._services.metrics.count(Metric.CLOCK_SKEW_DETECTED)
        return stamped(frame, "ingest", arrived_at)

    def _observe_transit(self, record: Record) -> None:
        left_at = max(record.hops.values(), default=None)
        if left_at is not None:
            transit = self._services.clock.now() - left_at
            self._services.metrics.observe(Metric.TRANSIT_LATENCY, transit, stage=self.stage)

    def _refuse(self, item: Item, place: InFlightRecord, error: str) -> None:
        now = self._services.clock.now()
        letter = DeadLetter(
            session="",
            captured_at=now,
            stage=self.stage,
            error=error,
            stream=self._stream,
            shard=self._shard,
            sequence=str(item.sequence),
            payload=item.data,
        )
        bury(letter, self._strays, self._services.metrics)
        self._stray.append(place)
        self._strays.release()

    def _release_stray(self) -> None:
        self._release(self._stray.popleft())

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._services.on_task_done)
        return task

    def _stray_failed(self, error: Exception) -> None:
        raise error


async def _never_buried(emission: Emission, error: Exception) -> bool:
    """A dead letter is insisted on."""
    raise AssertionError(f"expected a dead letter, got one for {emission.stream}") from error
