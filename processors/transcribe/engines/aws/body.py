"""The body of a request that grows while it is sent, and how often its reader may look for more of it."""

from __future__ import annotations

import time
from collections import deque
from io import BufferedIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: Seconds between two looks at a body that has nothing: what audio, and what is heard of it, is late by at the most.
_ROUND = 0.01


class Rounds:
    """Lets the one thread that reads all bodies rest once a round.

    The AWS common runtime asks a body that has nothing for more at once, for ever, which takes a whole core. The
    thread rests when it asks a body for the second time since it last rested: so it looks at every body as often,
    however many there are.
    """

    def __init__(self) -> None:
        self._asked: set[int] = set()

    def found_nothing(self, body: object) -> None:
        """A body was asked in vain; returns when the next may be."""
        if id(body) in self._asked:
            time.sleep(_ROUND)
            self._asked.clear()
        self._asked.add(id(body))


class AudioBody(BufferedIOBase):
    """Written by the event loop's thread, read by the AWS common runtime's; in place of BufferableByteStream."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._chunks: deque[bytes] = deque()
        self._ended = False
        #: Bytes that were read so far, and written.
        self.taken = 0
        self.written = 0

    @property
    def waiting(self) -> int:
        """Bytes that the connection has not taken yet."""
        return self.written - self.taken

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; none once all is read and nothing more comes. Raises BlockingIOError where more may come."""
        if not self._chunks:
            # Looked at in this order: the end is noted behind the last chunk.
            if self._ended and not self._chunks:
                return b""
            self._rounds.found_nothing(self)
            if not self._chunks:
                raise BlockingIOError
        chunk = self._chunks.popleft()
        if size is not None and 0 <= size < len(chunk):
            self._chunks.appendleft(chunk[size:])
            chunk = chunk[:size]
        self.taken += len(chunk)
        return chunk

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size)

    def write(self, data: ReadableBuffer, /) -> int:
        """Adds bytes."""
        chunk = bytes(data)
        if chunk:
            self.written += len(chunk)
            self._chunks.append(chunk)
        return len(chunk)

    def end_stream(self) -> None:
        """Nothing more comes."""
        self._ended = True

    def close(self) -> None:
        """Nothing more comes, and what waits is given up."""
        self._chunks.clear()
        self._ended = True
