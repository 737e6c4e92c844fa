"""The audio of one text on its way from the thread that makes it to the event loop."""

from __future__ import annotations

import asyncio


class AudioQueue:
    """Chunks in order, until an end. Bounded by the text: eSpeak is far ahead of any listener."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._cancelled = False

    def put(self, chunk: bytes) -> bool:
        """Adds a chunk, from any thread; False where nobody wants another."""
        return not self._cancelled and self._put_threadsafe(chunk)

    def end(self, error: Exception | None = None) -> None:
        """Nothing follows; `error` says why it is less than the whole. From any thread."""
        self._put_threadsafe(error)

    def cancel(self) -> None:
        """Nobody wants more."""
        self._cancelled = True

    async def next(self) -> bytes | None:
        """The next chunk, None at the end; raises the error it ended with."""
        chunk = await self._chunks.get()
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def _put_threadsafe(self, chunk: bytes | Exception | None) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
        except RuntimeError:
            # The loop was closed and the listener with it.
            return False
        return True
