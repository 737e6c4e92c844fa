"""Supervises one key's operator: feeds it, and restarts it where it fails."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any

from processors.contract import Closing, Input, Operator, Stage
from processors.hosts.dead_letters import RejectingOperator
from processors.hosts.in_flight import InFlightRecord
from processors.hosts.operator_context import Deliver, OperatorContext, Services, TipTime
from processors.hosts.parking import Parking
from shared.backoff import backoff
from shared.errors import RefusedTooLong, SessionUnknown

log = logging.getLogger(__name__)

#: Failures in a row that no input can be blamed for, after which the oldest held one is.
_MAX_FAILURES = 3
#: Seconds that a stopping operator's last emissions have to go out.
_CLOSE_TIMEOUT = 10.0
#: Seconds that, once those are out, the acks and actions behind them have.
_ACK_TIMEOUT = 1.0
#: Seconds for which an operator rests whose store has refused for too long.
_RESTART_DELAY = 5.0


class _PoisonedError(Exception):
    """This input made the operator raise."""

    def __init__(self, received: Input) -> None:
        super().__init__()
        self.received = received


class OperatorSupervisor:
    """Feeds one operator after the other for a key.

    An operator that raises, or is fenced, is closed and restarted with every input it has not acked; an input
    that made it raise becomes a dead letter first. `tip` is the stage's.
    """

    def __init__(
        self, stage: Stage, key: str, services: Services, deliver: Deliver, tip: TipTime, most_inputs: float
    ) -> None:
        self._stage = stage
        self._services = services
        self._tip = tip
        self._context = OperatorContext(
            stage.name,
            key,
            services,
            deliver,
            self._spawn,
            self._interrupt,
            self._known_tip,
            most_inputs,
        )
        self._inbox: deque[Input] = deque()
        self._arrived = asyncio.Event()
        #: Set where the operator is to end at once: the host stops, or it is fenced.
        self._interrupted = asyncio.Event()
        self._stopping = False
        self._closing: Closing | None = None
        self._closing_at: float | None = None
        self._group: asyncio.TaskGroup | None = None
        self._started: Operator | None = None
        self._spawned: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._acks_at_failure = 0
        self._feeding = services.start_task(self._run())

    @property
    def idle_since(self) -> float | None:
        """Loop time (s) of the last thing that happened; None while an input is held or anything is on its way."""
        return self._context.active_at if not self._context.busy and self._context.outbox.idle else None

    @property
    def parking(self) -> Parking:
        """What its key holds, and whether something of it is refused."""
        return self._context.parking

    @property
    def waiting_since(self) -> float | None:
        """Loop time (s) since which it has held inputs, or was to end, and acked none; None while neither is so.

        None too while the session is displaced: its inputs wait for what another worker hears.
        """
        if self._context.displaced:
            return None
        if self._context.busy:
            return self._context.progressed_at
        if self._closing_at is not None and not self._feeding.done():
            return max(self._closing_at, self._context.progressed_at)
        return None

    def feed(self, received: Input, in_flight: InFlightRecord) -> None:
        """Puts an input in the operator's queue."""
        self._context.received(received, in_flight)
        self._inbox.append(received)
        self._arrived.set()

    async def finish(self, closing: Closing) -> None:
        """Ends the operator as `closing` asks; what it emitted may still be on its way."""
        self._closing = closing
        self._closing_at = asyncio.get_running_loop().time()
        self._arrived.set()
        if closing is Closing.SHUTDOWN:
            self._stopping = True
            self._interrupt()
        await asyncio.wait({self._feeding})

    async def drain(self) -> bool:
        """Returns once the finished operator's emissions are out and its acks count.

        At a shutdown both have a limit: False where something was not taken in time; inputs behind it stay unacked.
        """
        outbox = self._context.outbox
        try:
            if self._closing is Closing.SHUTDOWN:
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await outbox.published()
                async with asyncio.timeout(_ACK_TIMEOUT):
                    await outbox.drained()
            else:
                await outbox.drained()
        except TimeoutError:
            log.info("%s: %s stopped before all of its output was taken", self._stage.name, self._context.key)
            return False
        else:
            return True
        finally:
            await self.kill()

    async def kill(self) -> None:
        """Ends the operator where it stands, as a crash would."""
        self._feeding.cancel()
        await asyncio.wait({self._feeding})
        # Only then: a fenced operator that is being replaced brings another outbox.
        await self._context.outbox.close()
        self._context.close()

    def _known_tip(self) -> float | None:
        return None if self._inbox else self._tip()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._group is None:
            work.close()
            raise RuntimeError(f"{self._stage.name}: expected a running operator, got one that is closed")
        task = self._group.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def _run(self) -> None:
        while not await self._run_operator():
            pass

    async def _run_operator(self) -> bool:
        """One operator's life; True where it ended because it was asked to."""
        self._started = None
        work = asyncio.create_task(self._feed(self._stage.operator(self._context)))
        interrupt = asyncio.create_task(self._interrupted.wait())
        try:
            await asyncio.wait({work, interrupt}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupt.cancel()
            work.cancel()
            await asyncio.wait({work, interrupt})
        self._group = None
        failure = None if work.cancelled() else work.exception()
        if failure is None and not self._interrupted.is_set():
            return True
        try:
            if self._started is not None:
                # A store that refuses must not hold the end up.
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await self._started.close(Closing.SHUTDOWN)
        except Exception:
            log.exception("%s: %s failed at its close", self._stage.name, self._context.key)
        if self._stopping:
            return True
        if self._context.fenced:
            await self._replace_outbox()
            self._inbox = deque(self._context.unacked)
            return False
        return not await self._recover(failure)

    async def _replace_outbox(self) -> None:
        """What the fenced operator has said goes no further."""
        await self._context.outbox.close()
        self._context.unfence()
        if not self._stopping:
            self._interrupted.clear()

    def _interrupt(self) -> None:
        self._interrupted.set()

    async def _feed(self, operator: Operator) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await operator.start()
            except SessionUnknown as error:
                operator = RejectingOperator(self._context, str(error))
            self._started = operator
            while self._inbox or self._closing is None:
                if not self._inbox:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                received = self._inbox.popleft()
                in_flight = self._context.in_flight(received)
                if in_flight is not None:
                    in_flight.on_process()
                try:
                    await operator.process(received)
                except Exception as error:
                    raise _PoisonedError(received) from error
                finally:
                    if in_flight is not None:
                        in_flight.on_processed()
            await operator.close(self._closing)
            for task in self._spawned:
                task.cancel()

    async def _recover(self, failure: BaseException | None) -> bool:
        """Gets ready for a new operator: blames an input where one is to blame, else waits a little.

        False where none is needed: the key is to end, nothing of it is held, and its end fails again and again.
        """
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        cause = failure.__cause__ if isinstance(failure, _PoisonedError) else failure
        if isinstance(cause, RefusedTooLong):
            return await self._give_up(cause)
        if isinstance(failure, _PoisonedError):
            self._blame(failure.received, failure.__cause__)
        else:
            log.error("%s: %s raised", self._stage.name, self._context.key, exc_info=failure)
            made_progress = self._context.acks > self._acks_at_failure
            self._failures = 1 if made_progress else self._failures + 1
            self._acks_at_failure = self._context.acks
            held = self._context.unacked
            if self._failures >= _MAX_FAILURES and held:
                self._blame(held[0], failure)
                self._failures = 0
            elif self._failures >= _MAX_FAILURES and self._closing is not None:
                self._context.dead_letter(_described(failure))
                return False
            else:
                await asyncio.sleep(backoff(self._failures))
        self._inbox = deque(self._context.unacked)
        return True

    async def _give_up(self, error: RefusedTooLong) -> bool:
        """The store refuses the key: what has waited for it too long is accounted for, the rest waits on.

        False where the key is to end and nothing is left that waits.
        """
        log.error(
            "%s: %s: the store refuses it for MAX_PARK; what has waited for so long becomes dead letters",
            self._stage.name,
            self._context.key,
        )
        self._context.give_up(error)
        self._inbox = deque(self._context.unacked)
        if not self._inbox and self._closing is not None:
            self._context.dead_letter(_described(error))
            return False
        # Each that comes of age meanwhile would restart the operator once more.
        await asyncio.sleep(_RESTART_DELAY)
        self._inbox = deque(self._context.unacked)
        return True

    def _blame(self, received: Input, error: BaseException | None) -> None:
        self._context.dead_letter(_described(error), received)
        self._context.ack(received)


def _described(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"
