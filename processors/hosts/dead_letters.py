"""Dead letters: their limits, their way out, and what takes the inputs of a key that may not be served."""

from __future__ import annotations

from dataclasses import replace

from processors.contract import Context, Input, Operator
from processors.hosts.emission import Emission
from processors.hosts.outbox import Outbox
from shared.codec import encode
from shared.metrics import Metric, Metrics
from shared.models import DeadLetter
from shared.streams import Entry, StreamName

#: The most bytes of a record that its dead letter carries.
_MOST_PAYLOAD = 512 << 10
#: Characters of an error that a dead letter carries: it may quote what was said.
_LONGEST_ERROR = 4096


def bury(letter: DeadLetter, outbox: Outbox, metrics: Metrics) -> None:
    """Counts the letter and emits it."""
    count(letter, metrics)
    outbox.emit(Emission(StreamName.DEAD_LETTERS, sealed(letter)))


def of_output(emission: Emission, error: Exception, stage: str, now: int) -> DeadLetter:
    """The letter that takes the place of a stage's output which its stream refuses."""
    assert emission.entry is not None
    session, _, language = emission.entry.key.partition("/")
    return DeadLetter(
        session=session,
        captured_at=now,
        stage=stage,
        error=f"{type(error).__name__}: {error}",
        stream=emission.stream,
        language=language or None,
        payload=emission.entry.data,
    )


def count(letter: DeadLetter, metrics: Metrics) -> None:
    """Counts the letter."""
    metrics.count(Metric.DEAD_LETTERS, stage=letter.stage)
    metrics.observe(Metric.ERROR_RATE, 100, stage=letter.stage)


def sealed(letter: DeadLetter) -> Entry:
    """The letter as it is published: without its payload where that is too large, for it says where to find it."""
    payload = letter.payload if len(letter.payload) <= _MOST_PAYLOAD else b""
    letter = replace(letter, error=letter.error[:_LONGEST_ERROR], payload=payload)
    return Entry(letter.key, encode(letter))


class RejectingOperator(Operator):
    """Releases every input: the first as a dead letter, the others just counted."""

    def __init__(self, context: Context, reason: str) -> None:
        self._context = context
        self._reason = reason
        self._told = False

    async def process(self, received: Input) -> None:
        if not self._told:
            self._context.dead_letter(self._reason, received)
            self._told = True
        self._context.metrics.count(Metric.REFUSED_FRAMES)
        self._context.ack(received)
