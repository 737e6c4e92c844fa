"""What one operator talks to: its emissions, releases and dead letters on their way to the host."""

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
from processors.hosts.dead_letters import bury, count, of_output, sealed
from processors.hosts.emission import Emission
from processors.hosts.origin import Origin
from processors.hosts.outbox import Action, Begin, Outbox
from processors.hosts.parking import MOST_OF_KEY, Parking
from processors.hosts.publisher import Publisher
from processors.hosts.retrying_store import RetryingStore
from shared.clock import Clock
from shared.codec import encode
from shared.errors import CodecError, RecordTooLarge, StreamUnavailable
from shared.metrics import Metric, Metrics
from shared.models import DeadLetter, Record, stamped
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
    pressure: Backpressure
    #: Looks at each task that ended: one that raised is a fault of the host itself and ends it.
    on_task_done: Callable[[asyncio.Task[None]], None]


#: Hands an emission to whoever takes it: the output stream, a fused stage, or both. Raises RecordTooLarge.
Deliver = Callable[[Outbox, StreamName, Record], None]
Spawn = Callable[[Coroutine[Any, Any, None]], None]
#: Tells up to when (loop time, s) everything that had arrived was handed over; None where that is not known.
Tip = Callable[[], float | None]


@dataclass(frozen=True, slots=True)
class _Held:
    """An input that is not released: its place among those of its key, its origin, and the loop time (s) it came at."""

    place: int
    received: Input
    origin: Origin
    since: float


class OperatorContext(Context):
    """The Context of every operator that serves one key, one after the other."""

    def __init__(
        self,
        stage: str,
        key: str,
        services: Services,
        deliver: Deliver,
        begin: Begin,
        spawn: Spawn,
        on_fence: Callable[[], None],
        tip: Tip,
        most_inputs: float,
    ) -> None:
        self._stage = stage
        self._key = key
        self._services = services
        self._deliver = deliver
        self._begin = begin
        self._spawn = spawn
        self._on_fence = on_fence
        self._tip = tip
        self._places = itertools.count()
        self._unreleased: dict[Input, _Held] = {}
        #: Inputs whose release waits in the outbox, oldest first.
        self._releasing: deque[_Held] = deque()
        self.parking = Parking(f"{stage} {key}", services.pressure, services.settings.max_park, most_inputs)
        self._store = RetryingStore(services.store, services.pressure, self.parking, self._waits_since)
        self.outbox = self._new_outbox()
        self.fenced = False
        self._displaced = False
        #: How many releases have counted so far, and the loop time of the newest record or release.
        self.releases = 0
        self.active_at = asyncio.get_running_loop().time()
        #: The loop time at which it last released an input, or held one after it had held none.
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
        """Whether any input waits for its release to count."""
        return bool(self._unreleased or self._releasing)

    @property
    def unreleased(self) -> Sequence[Input]:
        """The inputs that no operator has released, oldest first."""
        return list(self._unreleased)

    def origin(self, received: Input) -> Origin | None:
        """Where an input came from; None where it is released."""
        held = self._unreleased.get(received)
        return held.origin if held else None

    def received(self, received: Input, origin: Origin) -> None:
        """Notes an input as held."""
        self.active_at = asyncio.get_running_loop().time()
        if not self.busy:
            self.progressed_at = self.active_at
        self._unreleased[received] = _Held(next(self._places), received, origin, self.active_at)
        self.parking.hold(origin.size)
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
        held = self._unreleased.pop(received, None)
        if held is not None:
            self._releasing.append(held)
            self.outbox.release()

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
        # Until now it was right to release nothing.
        self.progressed_at = asyncio.get_running_loop().time()

    def unfence(self) -> None:
        """The fenced operator is closed: the next one has an outbox of its own, and every input not released."""
        held = sorted((*self._releasing, *self._unreleased.values()), key=lambda held: held.place)
        self._releasing.clear()
        self._unreleased = {one.received: one for one in held}
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
        held = self._unreleased.get(received) if received else None
        origin = held.origin if held else None
        letter = DeadLetter(
            session=received.record.session if received else self._key.partition("/")[0],
            captured_at=received.record.captured_at if received else self.clock.now(),
            stage=self._stage,
            error=error,
            stream=origin.stream if origin else "",
            shard=origin.shard if origin else "",
            sequence=origin.sequence if origin else "",
            language=language,
            start=start,
            end=end,
            payload=encode(received.record) if received else b"",
        )
        # What follows the colon may quote what was said; the letter has it.
        log.error("%s: %s has a dead letter: %s", self._stage, self._key, error.partition(":")[0])
        bury(letter, self.outbox, self.metrics)

    def give_up(self, error: Exception) -> None:
        """Makes dead letters of the inputs that have waited too long for a store that refuses, and releases them."""
        # Where the key holds too much, down to half of what it may.
        excess = self.parking.held - MOST_OF_KEY // 2 if self.parking.crowded else 0
        for held in list(self._unreleased.values()):
            if excess <= 0 and not self.parking.aged(held.since):
                break
            excess -= held.origin.size
            self.dead_letter(f"{type(error).__name__}: {error}", held.received)
            self.ack(held.received)

    def close(self) -> None:
        """Nothing of the key is held here any more."""
        for held in (*self._releasing, *self._unreleased.values()):
            self.parking.free(held.origin.size)
        self._releasing.clear()
        self._unreleased.clear()

    def _new_outbox(self) -> Outbox:
        return Outbox(
            self._services.publisher, self.parking, self._begin, self._bury, self._released, self._action_failed
        )

    def _waits_since(self) -> float | None:
        oldest = (*itertools.islice(self._releasing, 1), *itertools.islice(self._unreleased.values(), 1))
        return min((held.since for held in oldest), default=None)

    async def _bury(self, emission: Emission, error: Exception) -> bool:
        """Writes a dead letter in an emission's place; False where that is refused."""
        letter = of_output(emission, error, self._stage, self.clock.now())
        try:
            await self._services.publisher.write(StreamName.DEAD_LETTERS, [sealed(letter)])
        except StreamUnavailable:
            return False
        count(letter, self.metrics)
        log.error("%s: %s: what %s refused for MAX_PARK is a dead letter", self._stage, self._key, emission.stream)
        return True

    def _released(self) -> None:
        held = self._releasing.popleft()
        origin = held.origin
        self.parking.free(origin.size)
        self.parking.inputs -= 1
        self.releases += 1
        self.active_at = self.progressed_at = asyncio.get_running_loop().time()
        self.metrics.observe(Metric.ERROR_RATE, 0, stage=self._stage)
        origin.on_release()

    def _action_failed(self, error: Exception) -> None:
        self.dead_letter(f"{type(error).__name__}: {error}")
