"""Keeps calls from a table for a while after one has failed."""

from __future__ import annotations

import logging

from shared.clock import Clock
from shared.errors import LowLatencyTranslateError

log = logging.getLogger(__name__)

#: How long (ms) the circuit stays open behind a failure; the calls after that try the table again (half-open).
_OPEN_MS = 5000


class CircuitBreaker:
    """Open for 5 s after each failure; logs `problem` (`kept translations cannot be read`) once until calls succeed."""

    def __init__(self, problem: str, clock: Clock) -> None:
        self._problem = problem
        self._clock = clock
        self._failing = False
        self._failed_at: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are to be left out: for a while after a failure."""
        # A clock that steps back must not keep it open for as long.
        return self._failed_at is not None and 0 <= self._clock.now() - self._failed_at < _OPEN_MS

    def record_failure(self, error: Exception | str) -> None:
        """Opens the circuit, and logs why unless it did since the last success."""
        self._failed_at = self._clock.now()
        if not self._failing:
            self._failing = True
            # An error that is not of this project's making could quote the text.
            told = error if isinstance(error, (str, LowLatencyTranslateError)) else type(error).__name__
            log.warning("%s: %s", self._problem, told)

    def record_success(self) -> None:
        """A call has succeeded: the next failure is logged again."""
        self._failing = False
