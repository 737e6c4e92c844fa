"""Runs fused stages over one shard of their input stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from processors.contract import Closing, Stage
from processors.hosts.context import Origin, Services
from processors.hosts.gate import Gate
from processors.hosts.lane import Lane
from processors.hosts.ledger import Ledger, Place
from processors.hosts.letters import bury
from processors.hosts.outbox import Outbox
from shared.codec import UnknownRecord, decode
from shared.errors import CodecError
from shared.metrics import Metric
from shared.models import AudioFrame, DeadLetter, Record, stamped
from shared.streams import Item, StreamName

#: Bytes of unreleased inputs beyond which a shard is read no further: hours of one session's audio.
_MOST_HELD = 256 << 20


class ShardWorker:
    """Takes a shard's items in order and says up to where their work is done."""

    def __init__(self, stages: Sequence[Stage], shard: str, services: Services, gate: Gate) -> None:
        self._shard = shard
        self._stream = stages[0].reads
        self._stage = stages[0].name
        self._services = services
        self._gate = gate
        self._closing = False
        self._tip: float | None = None
        self._ledger = Ledger()
        self._released = asyncio.Event()
        self._strays = Outbox(services.publisher, self._stray_failed)
        self._stray_task = asyncio.create_task(self._strays.run())
        self._stray_task.add_done_callback(services.watch)
        names = {stage.reads for stage in stages[1:]}
        private = frozenset({StreamName.SEGMENTS} & names)
        lane: Lane | None = None
        for stage in reversed(stages):
            # What a fused stage is given, it has at once.
            tip = asyncio.get_running_loop().time if stage is not stages[0] else lambda: self._tip
            lane = Lane(stage, services, lane, private, tip)
        assert lane is not None
        self._lane = lane

    @property
    def low_water(self) -> int | None:
        """The sequence number up to which every item is released; None before the first."""
        return self._ledger.low_water

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
        """Takes the next items; waits while an output refuses or too much is held.

        `tip` is the loop time (s) up to which the shard holds nothing behind them; None where it may hold more.
        """
        self._tip = None
        for item in items:
            await self._gate.passed()
            while self._ledger.held > _MOST_HELD:
                self._released.clear()
                await self._released.wait()
            self._take(item)
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
        self._stray_task.cancel()
        return taken

    async def kill(self) -> None:
        """Ends everything where it stands, as a crash would."""
        self._stray_task.cancel()
        await self._lane.kill()

    def _take(self, item: Item) -> None:
        place = self._ledger.add(item.sequence, len(item.data))
        try:
            record = decode(item.data)
        except CodecError as error:
            self._refuse(item, place, str(error))
            return
        if isinstance(record, UnknownRecord):
            self._services.metrics.count(Metric.UNKNOWN_RECORDS, stage=self._stage)
            self._release(place)
            return
        if isinstance(record, AudioFrame):
            record = self._ingested(record, item.arrived_at)
        self._observe_transit(record)
        origin = Origin(
            self._stream,
            self._shard,
            str(item.sequence),
            on_release=partial(self._release, place),
        )
        self._lane.feed(record, item.arrived_at, origin)

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
            self._services.metrics.observe(Metric.TRANSIT_LATENCY, transit, stage=self._stage)

    def _refuse(self, item: Item, place: Place, error: str) -> None:
        now = self._services.clock.now()
        letter = DeadLetter(
            session="",
            captured_at=now,
            stage=self._stage,
            error=error,
            stream=self._stream,
            shard=self._shard,
            sequence=str(item.sequence),
            payload=item.data,
        )
        bury(letter, self._strays, self._services.metrics)
        self._strays.then(partial(self._release_stray, place))

    async def _release_stray(self, place: Place) -> None:
        self._release(place)

    def _release(self, place: Place) -> None:
        self._ledger.release(place)
        self._released.set()

    def _stray_failed(self, error: Exception) -> None:
        raise error
