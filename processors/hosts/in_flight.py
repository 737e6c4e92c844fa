"""What is in flight in a host: records that are not acked, the low-water mark before them, emissions on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from shared.streams import Entry, StreamName


def _nothing() -> None:
    """The callback where nobody asks for one."""


@dataclass(slots=True, eq=False)
class InFlightRecord:
    """A record on its way through a host: where it came from, and whom its ack concerns.

    One that a stage hands to the stage fused behind it comes from no shard: it has neither `shard` nor `sequence`.
    """

    stream: StreamName
    #: Told once the record is acked.
    on_ack: Callable[[], None]
    shard: str = ""
    sequence: int | None = None
    #: Epoch ms at which it arrived in the stream.
    arrived_at: int = 0
    #: Bytes that it holds in this host.
    size: int = 0
    #: Told before and after an operator processes it.
    on_process: Callable[[], None] = _nothing
    on_processed: Callable[[], None] = _nothing
    acked: bool = False

    def ack(self) -> None:
        """Its operator needs it no more, and everything that was emitted before the ack is durable."""
        self.acked = True
        self.on_ack()


class InFlight:
    """The records that a shard has given out, in order; says up to where all of them are acked."""

    def __init__(self) -> None:
        self._records: deque[InFlightRecord] = deque()
        #: The sequence number up to which every record is acked; None before the first.
        self.low_water: int | None = None

    @property
    def settled(self) -> bool:
        """Whether every record given out so far is acked."""
        return not self._records

    @property
    def oldest(self) -> int | None:
        """When (epoch ms) the oldest record arrived that is not acked; None where there is none."""
        return self._records[0].arrived_at if self._records else None

    def add(self, record: InFlightRecord) -> None:
        """Notes the next record."""
        self._records.append(record)

    def advance(self) -> None:
        """Raises the low-water mark over the oldest records as far as they are acked."""
        while self._records and self._records[0].acked:
            self.low_water = self._records.popleft().sequence


@dataclass(slots=True, eq=False)
class Emission:
    """A record on its way out; durable once each of its `unconfirmed` has confirmed it."""

    stream: StreamName
    #: What is published; None where only a fused stage takes the record.
    entry: Entry | None
    #: Who must still confirm: the stream it is published to, the fused stage that consumes it, or both.
    unconfirmed: int = 1
    #: Loop time (s) at which it was emitted.
    since: float = 0.0
    #: To be told once it is durable.
    on_durable: Callable[[], None] = _nothing

    def confirm(self) -> None:
        """One of those it waits for is done with it."""
        self.unconfirmed -= 1
        if not self.unconfirmed:
            self.on_durable()
