"""What one operator talks to: its emissions, acks and dead letters on their way to the host."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from processors.contract import Context, Input
from processors.hosts.backpressure import Backpressure
from processors.hosts.dead_letters import DeadLetterQueue
from processors.hosts.in_flight import InFlightRecord
from processors.hosts.outbox import Action, Outbox
from processors.hosts.parking import MAX_KEY_BYTES, Parking
from processors.hosts.publisher import Publisher
from processors.hosts.retrying_store import RetryingStore
from shared.clock import Clock
from shared.errors import CodecError, RecordTooLarge
from shared.metrics import Metric, Metrics
from shared.models import Record, stamped
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import StreamName

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What every operator of a host shares."""

    clock: Clock
    metrics: Metrics
    settings: Settings
    store: SessionStore
    publisher: Publisher
    backpressure: Backpressure
    #: Looks at each task that ended: one that raised is a fault of the host itself and ends it.
    on_task_done: Callable[[asyncio.Task[None]], None]

    def start_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `work`; where it raises, that is a fault of the host itself."""
        task = asyncio.create_task(work)
        task.add_done_callback(self.on_task_done)
        return task


#: Hands an emission to whoever takes it: the output stream, a fused stage, or both. Raises RecordTooLarge.
Deliver = Callable[[Outbox, StreamName, Record], None]
Spawn = Callable[[Coroutine[Any, Any, None]], None]
#: Tells up to when (loop time, s) everything that had arrived was handed over; None where that is not known.
TipTime = Callable[[], float | None]


@dataclass(frozen=True, slots=True)
class _Held:
    """An input that is not acked: its place among those of its key, and the loop time (s) it came at."""

    place: int
    received: Input
    in_flight: InFlightRecord
    since: float


class OperatorContext(Context):
    """The Context of every operator that serves one key, one after the other."""

    def __init__(
        self,
        stage: str,
        key: str,
        services: Services,
        deliver: Deliver,
        spawn: Spawn,
        on_fence: Callable[[], None],
        tip: TipTime,
        most_inputs: float,
    ) -> None:
        self._stage = stage
        self._key = key
        self._services = services
        self._deliver = deliver
        self._spawn = spawn
        self._on_fence = on_fence
        self._tip = tip
        self._places = itertools.count()
        self._unacked: dict[Input, _Held] = {}
        #: Inputs whose ack waits in the outbox, oldest first.
        self._acking: deque[_Held] = deque()
        self._dead_letters = DeadLetterQueue(stage, key, services.publisher, services.clock, services.metrics)
        self.parking = Parking(f"{stage} {key}", services.backpressure, services.settings.max_park, most_inputs)
        self._store = RetryingStore(services.store, services.backpressure, self.parking, self._waits_since)
        self.outbox = self._new_outbox()
        self.fenced = False
        self._displaced = False
        #: How many acks have counted so far, and the loop time of the newest record or ack.
        self.acks = 0
        self.active_at = asyncio.get_running_loop().time()
        #: The loop time at which it last acked an input, or held one after it had held none.
        self.progressed_at = self.active_at

    @property
    def key(self) -> str:
        return self._key

    @property
    def clock(self) -> Clock:
        return self._services.clock

    @property
    def metrics(self) -> Metrics:
        return self._services.metrics

    @property
    def settings(self) -> Settings:
        return self._services.settings

    @property
    def store(self) -> SessionStore:
        return self._store

    @property
    def tip(self) -> float | None:
        return self._tip()

    @property
    def displaced(self) -> bool:
        return self._displaced

    @property
    def busy(self) -> bool:
        """Whether any input waits for its ack to count."""
        return bool(self._unacked or self._acking)

    @property
    def unacked(self) -> Sequence[Input]:
        """The inputs that no operator has acked, oldest first."""
        return list(self._unacked)

    def in_flight(self, received: Input) -> InFlightRecord | None:
        """Where an input came from, and whom its ack concerns; None where it is acked."""
        held = self._unacked.get(received)
        return held.in_flight if held else None

    def received(self, received: Input, in_flight: InFlightRecord) -> None:
        """Notes an input as held."""
        self.active_at = asyncio.get_running_loop().time()
        if not self.busy:
            self.progressed_at = self.active_at
        self._unacked[received] = _Held(next(self._places), received, in_flight, self.active_at)
        self.parking.hold(in_flight.size)
        self.parking.inputs += 1

    def emit(self, stream: StreamName, record: Record) -> None:
        now = self.clock.now()
        previous = max(record.hops.values(), default=None)
        if previous is not None:
            self.metrics.observe(Metric.STAGE_LATENCY, now - previous, stage=self._stage)
        if self.fenced:
            return
        try:
            self._deliver(self.outbox, stream, stamped(record, self._stage, now))
        except (RecordTooLarge, CodecError) as error:
            self.dead_letter(f"{type(error).__name__}: {type(record).__name__} for {stream}: {error}")

    def ack(self, received: Input) -> None:
        if self.fenced:
            return
        held = self._unacked.pop(received, None)
        if held is not None:
            self._acking.append(held)
            self.outbox.ack(held.in_flight)

    def then(self, action: Action) -> None:
        self.outbox.then(action)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._spawn(work)

    def fence(self) -> None:
        if self.fenced:
            return
        log.warning("%s: another worker owns %s; this one stands by", self._stage, self._key)
        self.metrics.count(Metric.FENCED, stage=self._stage)
        self.fenced = self._displaced = True
        self.outbox.fence()
        self._on_fence()

    def regain(self) -> None:
        self._displaced = False
        # Until now it was right to ack nothing.
        self.progressed_at = asyncio.get_running_loop().time()

    def unfence(self) -> None:
        """The fenced operator is closed: the next one has an outbox of its own, and every input not acked."""
        held = sorted((*self._acking, *self._unacked.values()), key=lambda held: held.place)
        self._acking.clear()
        self._unacked = {one.received: one for one in held}
        self.outbox = self._new_outbox()
        self.fenced = False

    def dead_letter(
        self,
        error: str,
        received: Input | None = None,
        *,
        language: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> None:
        in_flight = self.in_flight(received) if received else None
        session = self._key.partition("/")[0]
        letter = self._dead_letters.of_input(
            session, error, received, in_flight, language=language, start=start, end=end
        )
        self.outbox.emit(letter)

    def give_up(self, error: Exception) -> None:
        """Makes dead letters of the inputs that have waited too long for a store that refuses, and acks them."""
        # Where the key holds too much, down to half of what it may.
        excess = self.parking.held - MAX_KEY_BYTES // 2 if self.parking.crowded else 0
        for held in list(self._unacked.values()):
            if excess <= 0 and not self.parking.aged(held.since):
                break
            excess -= held.in_flight.size
            self.dead_letter(f"{type(error).__name__}: {error}", held.received)
            self.ack(held.received)

    def close(self) -> None:
        """Nothing of the key is held here any more."""
        for held in (*self._acking, *self._unacked.values()):
            self.parking.free(held.in_flight.size)
        self._acking.clear()
        self._unacked.clear()

    def _new_outbox(self) -> Outbox:
        return Outbox(
            self._services.publisher,
            self.parking,
            self._services.start_task,
            self._dead_letters.divert,
            self._acked,
            self._action_failed,
        )

    def _waits_since(self) -> float | None:
        oldest = (*itertools.islice(self._acking, 1), *itertools.islice(self._unacked.values(), 1))
        return min((held.since for held in oldest), default=None)

    def _acked(self) -> None:
        held = self._acking.popleft()
        self.parking.free(held.in_flight.size)
        self.parking.inputs -= 1
        self.acks += 1
        self.active_at = self.progressed_at = asyncio.get_running_loop().time()
        self.metrics.observe(Metric.ERROR_RATE, 0, stage=self._stage)

    def _action_failed(self, error: Exception) -> None:
        self.dead_letter(f"{type(error).__name__}: {error}")
