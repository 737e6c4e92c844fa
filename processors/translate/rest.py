"""Leaves a table alone for a while after it failed."""

from __future__ import annotations

import asyncio
import logging

from shared.errors import LowLatencyTranslateError

log = logging.getLogger(__name__)

#: Seconds that a failing table is left alone.
_REST = 5.0


class Rest:
    """Says once what cannot be done (`kept translations cannot be read`) until it works again."""

    def __init__(self, trouble: str) -> None:
        self._trouble = trouble
        self._failing = False
        #: Loop time (s): a wall clock that steps back would leave the table alone for as long.
        self._until = float("-inf")

    @property
    def rests(self) -> bool:
        """True for a while after a failure."""
        return asyncio.get_running_loop().time() < self._until

    def failed(self, error: Exception | str) -> None:
        """Leaves the table alone for a while, and says why if it worked before."""
        self._until = asyncio.get_running_loop().time() + _REST
        if not self._failing:
            self._failing = True
            # An error that is not of this project's making could quote the text.
            told = error if isinstance(error, (str, LowLatencyTranslateError)) else type(error).__name__
            log.warning("translate: %s: %s", self._trouble, told)

    def worked(self) -> None:
        """The next failure is said again."""
        self._failing = False
