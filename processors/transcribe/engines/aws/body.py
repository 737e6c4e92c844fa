"""The body of a request that grows while it is sent, and how often its reader may poll it for more."""

from __future__ import annotations

import time
from collections import deque
from io import BufferedIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: Seconds between two polls of a body that has nothing: what audio, and what is heard of it, is late by at the most.
_READ_INTERVAL = 0.01


class ReadThrottle:
    """Lets the one thread that reads all bodies sleep between two rounds of polling them.

    The AWS common runtime asks a body that has nothing for more at once, for ever, which takes a whole core. The
    thread sleeps when it asks a body for the second time since it last slept: so it polls every body as often,
    however many there are.
    """

    def __init__(self) -> None:
        self._idle_bodies: set[int] = set()

    def wait(self, body: object) -> None:
        """A body was asked in vain; returns when the next may be."""
        if id(body) in self._idle_bodies:
            time.sleep(_READ_INTERVAL)
            self._idle_bodies.clear()
        self._idle_bodies.add(id(body))


class AudioBody(BufferedIOBase):
    """Written by the event loop's thread, read by the AWS common runtime's; in place of BufferableByteStream."""

    def __init__(self, throttle: ReadThrottle) -> None:
        self._throttle = throttle
        self._chunks: deque[bytes] = deque()
        self._ended = False
        #: Bytes that were read so far, and written.
        self.bytes_read = 0
        self.bytes_written = 0

    @property
    def waiting(self) -> int:
        """Bytes that the connection has not read yet."""
        return self.bytes_written - self.bytes_read

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; none once all is read and nothing more comes. Raises BlockingIOError where more may come."""
        if not self._chunks:
            # Looked at in this order: the end is noted behind the last chunk.
            if self._ended and not self._chunks:
                return b""
            self._throttle.wait(self)
            if not self._chunks:
                raise BlockingIOError
        chunk = self._chunks.popleft()
        if size is not None and 0 <= size < len(chunk):
            self._chunks.appendleft(chunk[size:])
            chunk = chunk[:size]
        self.bytes_read += len(chunk)
        return chunk

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size)

    def write(self, data: ReadableBuffer, /) -> int:
        """Adds bytes."""
        chunk = bytes(data)
        if chunk:
            self.bytes_written += len(chunk)
            self._chunks.append(chunk)
        return len(chunk)

    def end_stream(self) -> None:
        """Nothing more comes."""
        self._ended = True

    def close(self) -> None:
        """Nothing more comes, and what waits is given up."""
        self._chunks.clear()
        self._ended = True
