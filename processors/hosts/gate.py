"""Whether the host may read on, or go on at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn


class Gate:
    """Closed while an output stream or the session store refuses: the host then reads no input.

    `on_fault` is told what ends the host as a whole.
    """

    def __init__(self, on_fault: Callable[[Exception], None]) -> None:
        self._on_fault = on_fault
        self._refusing = 0
        self._open = asyncio.Event()
        self._open.set()
        #: Loop time (s) at which it was opened last.
        self.opened_at = asyncio.get_running_loop().time()

    @property
    def is_open(self) -> bool:
        """Whether nothing refuses."""
        return self._open.is_set()

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
                self.opened_at = asyncio.get_running_loop().time()

    async def fail(self, error: Exception) -> NoReturn:
        """Ends the host, since what failed is no record's fault; what ran into it goes no further."""
        self._on_fault(error)
        await asyncio.get_running_loop().create_future()
        raise error

    async def passed(self) -> None:
        """Returns once nothing refuses."""
        await self._open.wait()
