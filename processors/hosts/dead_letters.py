"""The dead-letter queue: what could not be processed or published, and the operator that rejects a key's inputs."""

from __future__ import annotations

import logging
from dataclasses import replace

from processors.contract import Context, Input, Operator
from processors.hosts.in_flight import Emission, InFlightRecord
from processors.hosts.publisher import Publisher
from shared.clock import Clock
from shared.codec import encode
from shared.errors import CodecError, StreamUnavailable
from shared.metrics import Metric, Metrics
from shared.models import DeadLetter
from shared.streams import Entry, StreamName

log = logging.getLogger(__name__)

#: The most bytes of a record that its dead letter carries.
_MAX_PAYLOAD = 512 << 10
#: Characters of an error that a dead letter carries: it may quote what was said.
_LONGEST_ERROR = 4096


class DeadLetterQueue:
    """Makes and counts the dead letters of one stage; `name` says in logs whose they are."""

    def __init__(self, stage: str, name: str, publisher: Publisher, clock: Clock, metrics: Metrics) -> None:
        self._stage = stage
        self._name = name
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics

    def of_item(self, in_flight: InFlightRecord, data: bytes, error: str) -> Emission:
        """The letter of an item that no operator may have, since it cannot be read or kills the process."""
        assert in_flight.sequence is not None
        letter = DeadLetter(
            session="",
            captured_at=self._clock.now(),
            stage=self._stage,
            error=error,
            stream=in_flight.stream,
            shard=in_flight.shard,
            sequence=str(in_flight.sequence),
            payload=data,
        )
        return self._counted(letter)

    def of_input(
        self,
        session: str,
        error: str,
        received: Input | None,
        in_flight: InFlightRecord | None,
        *,
        language: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> Emission:
        """The letter of an operator's input, and where that came from; or of a span of lost audio (audio time, ms)."""
        letter = DeadLetter(
            session=received.record.session if received else session,
            captured_at=received.record.captured_at if received else self._clock.now(),
            stage=self._stage,
            error=error,
            stream=in_flight.stream if in_flight else "",
            shard=in_flight.shard if in_flight else "",
            sequence=str(in_flight.sequence) if in_flight and in_flight.sequence is not None else "",
            language=language,
            start=start,
            end=end,
            payload=_payload(received) if received else b"",
        )
        # What follows the colon may quote what was said; the letter has it.
        log.error("%s: %s has a dead letter: %s", self._stage, self._name, error.partition(":")[0])
        return self._counted(letter)

    async def divert(self, emission: Emission, error: Exception) -> bool:
        """Writes a letter in the place of an output that its stream refuses; False where that is refused too."""
        assert emission.entry is not None
        session, _, language = emission.entry.key.partition("/")
        letter = DeadLetter(
            session=session,
            captured_at=self._clock.now(),
            stage=self._stage,
            error=f"{type(error).__name__}: {error}",
            stream=emission.stream,
            language=language or None,
            payload=emission.entry.data,
        )
        try:
            await self._publisher.write(StreamName.DEAD_LETTERS, [_entry(letter)])
        except StreamUnavailable:
            return False
        self._count()
        log.error("%s: %s: what %s refused for MAX_PARK is a dead letter", self._stage, self._name, emission.stream)
        return True

    def _counted(self, letter: DeadLetter) -> Emission:
        self._count()
        return Emission(StreamName.DEAD_LETTERS, _entry(letter))

    def _count(self) -> None:
        self._metrics.count(Metric.DEAD_LETTERS, stage=self._stage)
        self._metrics.observe(Metric.ERROR_RATE, 100, stage=self._stage)


class RejectingOperator(Operator):
    """Acks every input of a key that may not be served: the first as a dead letter, the others just counted."""

    def __init__(self, context: Context, reason: str) -> None:
        self._context = context
        self._reason = reason
        self._reported = False

    async def process(self, received: Input) -> None:
        if not self._reported:
            self._context.dead_letter(self._reason, received)
            self._reported = True
        self._context.metrics.count(Metric.REFUSED_FRAMES)
        self._context.ack(received)


def _payload(received: Input) -> bytes:
    """The input's bytes; none where it came from a fused stage and is more than the codec takes."""
    try:
        return encode(received.record)
    except CodecError:
        return b""


def _entry(letter: DeadLetter) -> Entry:
    """The letter as it is published: without its payload where that is too large, for it says where to find it."""
    payload = letter.payload if len(letter.payload) <= _MAX_PAYLOAD else b""
    letter = replace(letter, error=letter.error[:_LONGEST_ERROR], payload=payload)
    return Entry(letter.key, encode(letter))
