"""Writes a shard's low-water mark through KCL: inside its callbacks, and behind a number that is acked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import islice

from amazon_kclpy.checkpoint_error import CheckpointError
from amazon_kclpy.kcl import Checkpointer

from shared.backoff import delays
from shared.errors import LowLatencyTranslateError

log = logging.getLogger(__name__)

#: Seconds between two checkpoints: each is a write to DynamoDB.
_EVERY = 1.0
#: Tries where others follow, at a shutdown, whose time is short, and at a shard's end: with the waits between them
#: about 1, 2 and 12 s.
_TRIES, _LAST_TRIES, _END_TRIES = 4, 5, 8
#: The exceptions of KCL, by their Java names, that pass by themselves.
_TRANSIENT = frozenset({"ThrottlingException", "KinesisClientLibDependencyException"})
#: Another worker has the lease.
_LOST = "ShutdownException"


class CheckpointRefused(LowLatencyTranslateError):
    """KCL takes no checkpoint from this process any more; names KCL's own reason."""


class Checkpointing:
    """Remembers what is written, and tries again where KCL is throttled.

    `pause` waits for so many seconds; `now` gives the time in s. Raises CheckpointRefused where only a new process
    can help. Once the lease is lost nothing is written any more.
    """

    def __init__(self, pause: Callable[[float], None], now: Callable[[], float]) -> None:
        self._pause = pause
        self._now = now
        self._written: int | None = None
        self._due = now()
        self._lost = False

    def advance(self, checkpointer: Checkpointer, low_water: int | None) -> None:
        """Writes the mark if it has risen and it is time."""
        if low_water not in (None, self._written) and self._now() >= self._due:
            self._due = self._now() + _EVERY
            self._checkpoint(checkpointer, low_water, _TRIES)

    def last(self, checkpointer: Checkpointer, low_water: int | None) -> None:
        """Writes the mark once more before the shard goes to another owner; raises CheckpointRefused if it cannot."""
        if low_water in (None, self._written) or self._checkpoint(checkpointer, low_water, _LAST_TRIES) or self._lost:
            return
        raise CheckpointRefused("expected the last checkpoint before the shutdown to be taken, got throttled")

    def end(self, checkpointer: Checkpointer) -> None:
        """Writes that the shard is done with; raises CheckpointRefused where that cannot be written."""
        # Without a number, or KCL may take it for a place in the shard.
        if not self._write(checkpointer, None, _END_TRIES) and not self._lost:
            raise CheckpointRefused("expected the shard's end to be written, got throttled")

    def _checkpoint(self, checkpointer: Checkpointer, low_water: int | None, tries: int) -> bool:
        written = self._write(checkpointer, str(low_water), tries)
        if written:
            self._written = low_water
        return written

    def _write(self, checkpointer: Checkpointer, sequence: str | None, tries: int) -> bool:
        for wait in islice(delays(most=5.0), tries):
            if self._lost:
                return False
            try:
                checkpointer.checkpoint(sequence, None if sequence is None else 0)
            except CheckpointError as error:
                reason = str(error.value)
                if reason == _LOST:
                    log.warning("the lease is lost: no more checkpoints")
                    self._lost = True
                elif reason not in _TRANSIENT:
                    raise CheckpointRefused(f"expected a checkpoint to be taken, got {reason}") from error
                else:
                    log.warning("a checkpoint was refused, trying again: %s", reason)
                    self._pause(wait)
            else:
                return True
        return False
