"""The numbers of the attempts at clips."""

from __future__ import annotations

from shared.sessions.session import FIRST_EPOCH

#: Attempts of one epoch.
_EPOCH = 1 << 20


class AttemptNumbers:
    """Every attempt is above those before it, and above those of every operator whose epoch was lower.

    No wall clock: of two attempts at a clip the sink must know the newer, whatever the clocks of their hosts say. Until
    the session's epoch is known, attempts are those of the first epoch.
    """

    def __init__(self) -> None:
        self._epoch = FIRST_EPOCH
        self._count = 0

    def set_epoch(self, epoch: int) -> None:
        """The session's item has counted this operator."""
        self._epoch = max(self._epoch, epoch)

    def next(self) -> int:
        """The number of the next attempt: epoch * 2^20 + a count that ends below 2^20."""
        self._count = min(self._count + 1, _EPOCH - 1)
        return self._epoch * _EPOCH + self._count
