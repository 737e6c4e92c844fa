"""How often a process reads its shards."""

from __future__ import annotations

import asyncio
from contextlib import suppress

#: Seconds between two reads of a shard while no stream of the process has records.
IDLE_INTERVAL = 1.0
#: Seconds after the last record on any stream from which on the process idles.
_IDLE_AFTER = 10.0


class ReadPacer:
    """The poll interval of all streams of a process: a record on any of them wakes the readers of all.

    `interval` is the time in s between two reads of a shard while there is something to read. A shard has 5 reads a
    second, for all its readers together.
    """

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.reset()

    def reset(self) -> None:
        """Idles, and knows no event loop yet."""
        self._busy_until = float("-inf")
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A record was read or written."""
        idled = self._idle
        self._busy_until = asyncio.get_running_loop().time() + _IDLE_AFTER
        if idled:
            self._woken.set()
            self._woken = asyncio.Event()

    async def wait(self, last_read: float) -> None:
        """Returns when a shard may be read that was last read at `last_read` (loop time, s)."""
        if self._idle:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(last_read + IDLE_INTERVAL):
                    await self._woken.wait()
        await asyncio.sleep(last_read + self.interval - asyncio.get_running_loop().time())

    @property
    def _idle(self) -> bool:
        return asyncio.get_running_loop().time() >= self._busy_until
