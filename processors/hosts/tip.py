"""Up to when a reader knows that nothing more had arrived in its shard."""

from __future__ import annotations

import asyncio
from collections import deque


class Tip:
    """Follows the reads of one shard.

    A read that stands at the tip says so of the moment in which it began, and may have waited long for its answer, as
    where the process was frozen meanwhile. So it is believed of the begin of a read `behind` reads before it.
    """

    def __init__(self, behind: int = 1) -> None:
        self._behind = behind
        #: Loop times (s) at which the newest reads began, oldest first.
        self._begun: deque[float] = deque(maxlen=behind + 1)

    def reading(self) -> None:
        """A read begins."""
        self._begun.append(asyncio.get_running_loop().time())

    def read(self, *, at_tip: bool) -> float | None:
        """Loop time (s) up to which all that had arrived is read, behind a read that was `at_tip` or was not."""
        if not at_tip:
            self._begun.clear()
        return self._begun[0] if len(self._begun) > self._behind else None
