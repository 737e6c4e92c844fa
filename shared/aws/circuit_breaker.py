"""Leaves a table alone for a while after it failed."""

from __future__ import annotations

import logging

from shared.clock import Clock
from shared.errors import LowLatencyTranslateError

log = logging.getLogger(__name__)

#: How long (ms) a failing table is left alone.
_REST = 5000


class CircuitBreaker:
    """Says once what cannot be done (`kept translations cannot be read`) until it works again."""

    def __init__(self, trouble: str, clock: Clock) -> None:
        self._trouble = trouble
        self._clock = clock
        self._failing = False
        self._failed_at: int | None = None

    @property
    def is_open(self) -> bool:
        """True for a while after a failure."""
        # A clock that steps back must not leave the table alone for as long.
        return self._failed_at is not None and 0 <= self._clock.now() - self._failed_at < _REST

    def record_failure(self, error: Exception | str) -> None:
        """Leaves the table alone for a while, and says why if it worked before."""
        self._failed_at = self._clock.now()
        if not self._failing:
            self._failing = True
            # An error that is not of this project's making could quote the text.
            told = error if isinstance(error, (str, LowLatencyTranslateError)) else type(error).__name__
            log.warning("translate: %s: %s", self._trouble, told)

    def record_success(self) -> None:
        """The next failure is said again."""
        self._failing = False
