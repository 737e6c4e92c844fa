"""A stream in memory that refuses writes for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set

from shared.errors import StreamUnavailable
from shared.streams import Entry, MemoryStream

#: What `refuses` may be besides two times.
NEVER, ALWAYS = (0.0, 0.0), (0.0, float("inf"))


class RefusingStream(MemoryStream):
    """Refuses writes from the first to the second time of `refuses`, in s of the loop."""

    refuses: tuple[float, float] = NEVER
    #: The keys whose writes are refused then; where there are none, all are.
    keys: Set[str] = frozenset()

    async def publish(self, entries: Sequence[Entry]) -> None:
        concerned = not self.keys or any(entry.key in self.keys for entry in entries)
        if concerned and self.refuses[0] <= asyncio.get_running_loop().time() < self.refuses[1]:
            raise StreamUnavailable(f"{self.name} is out")
        await super().publish(entries)
