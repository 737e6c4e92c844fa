"""What amazon_kclpy calls, on the thread that speaks the MultiLang protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, NoReturn, Protocol, TypeVar

from amazon_kclpy.messages import (
    InitializeInput,
    LeaseLostInput,
    ProcessRecordsInput,
    ShardEndedInput,
    ShutdownRequestedInput,
)

from processors.hosts.kcl.checkpointing import Checkpointing
from processors.hosts.kcl.shard_host import ShardHost
from shared.errors import LowLatencyTranslateError
from shared.streams import Item

log = logging.getLogger(__name__)

Returned = TypeVar("Returned")
Received = TypeVar("Received")


class Loop(Protocol):
    """The event loop, as another thread sees it."""

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """Runs `work` on the loop and waits for what it returns or raises."""

    def sleep(self, seconds: float) -> None:
        """Waits on the loop's clock."""

    def time(self) -> float:
        """The loop's time in s."""


class ShardNotOwned(LowLatencyTranslateError):
    """The shard has ended, but another worker owns a session of it."""


def _guarded(
    handle: Callable[[RecordProcessor, Received], None],
) -> Callable[[RecordProcessor, Received], None]:
    """amazon_kclpy would print an exception and confirm the records that it came from; here it ends the process."""

    @wraps(handle)
    def guarded(self: RecordProcessor, received: Received) -> None:
        try:
            handle(self, received)
        except BaseException as error:
            self.crash(error)

    return guarded


class RecordProcessor:
    """Hands KCL's callbacks to the shard's host, and checkpoints what that has acked.

    `crash` ends the process, so that KCL brings everything that was not checkpointed to a new one.
    """

    #: The interface of amazon_kclpy that this class has.
    version = 3

    def __init__(self, host: ShardHost, loop: Loop, crash: Callable[[BaseException], NoReturn]) -> None:
        self._host = host
        self._loop = loop
        self._checkpointing = Checkpointing(loop.sleep, loop.time)
        self.crash = crash
        #: How far the last records were behind the shard's tip, in ms; None before the first.
        self.behind_ms: int | None = None
        #: Whether nothing of a shard is left to be done here: it is finished, or its next owner's.
        self.done = True
        #: Why the shard goes to its next owner before all that was done of it is published and checkpointed, if so.
        self.cut_short: str | None = None

    @_guarded
    def initialize(self, received: InitializeInput) -> None:
        """The shard is this process's."""
        self.done = False
        self._loop.call(self._host.open(received.shard_id))

    @_guarded
    def process_records(self, received: ProcessRecordsInput) -> None:
        """The next records, or none: a chance to checkpoint."""
        items = [Item(int(r.sequence_number), r.binary_data, r.timestamp_millis) for r in received.records]
        self.behind_ms = received.millis_behind_latest
        # KCL tells None where it does not know.
        self._loop.call(self._host.feed(items, at_tip=received.millis_behind_latest == 0))
        self._checkpointing.advance(received.checkpointer, self._host.low_water)

    @_guarded
    def lease_lost(self, received: LeaseLostInput) -> None:
        """The shard is another worker's."""
        self._loop.call(self._host.kill())
        self.done = self.cut_short is None

    @_guarded
    def shard_ended(self, received: ShardEndedInput) -> None:
        """The shard was split or merged, and every record of it was brought."""
        if not self._loop.call(self._host.end()):
            raise ShardNotOwned("expected every input of the ended shard to be acked, got some that another owns")
        self._checkpointing.end(received.checkpointer)
        self.done = True

    @_guarded
    def shutdown_requested(self, received: ShutdownRequestedInput) -> None:
        """The worker is to stop; the lease is lost after this."""
        try:
            self._drain(received)
        except LowLatencyTranslateError as error:
            # The process still hears KCL out, and gives its engines up.
            self.cut_short = str(error)
        if self.cut_short is None:
            self.done = True
        else:
            log.error("%s was not drained; what is not checkpointed comes again: %s", self._host.shard, self.cut_short)

    def _drain(self, received: ShutdownRequestedInput) -> None:
        try:
            self._loop.call(self._host.drain())
        finally:
            # What was acked is written, whatever became of the rest.
            self._checkpointing.last(received.checkpointer, self._host.low_water)
