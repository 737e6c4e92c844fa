"""An event loop on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

Returned = TypeVar("Returned")


class LoopThread:
    """Runs work for another thread, which waits for it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        # A daemon: whatever still runs when the process is to end must not keep it.
        self._thread = threading.Thread(target=self.loop.run_forever, name="event-loop", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """Runs `work` on the loop and waits for what it returns or raises."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    def time(self) -> float:
        """The loop's time in s."""
        return self.loop.time()

    def close(self) -> None:
        """Ends the loop; nothing may be running on it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
