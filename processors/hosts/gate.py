"""Whether the host may read on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Closed while an output stream or the session store refuses: the host then reads no input."""

    def __init__(self) -> None:
        self._refusing = 0
        self._open = asyncio.Event()
        self._open.set()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keeps the gate closed for the block; several may."""
        self._refusing += 1
        self._open.clear()
        try:
            yield
        finally:
            self._refusing -= 1
            if not self._refusing:
                self._open.set()

    async def passed(self) -> None:
        """Returns once nothing refuses."""
        await self._open.wait()
