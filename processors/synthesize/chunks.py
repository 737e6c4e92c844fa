"""Cuts a clip's audio into the chunks that are published."""

from __future__ import annotations

from collections.abc import Iterator

from shared.models import SAMPLE_BYTES

#: Seconds of audio in the first chunk, which must be early, and in each that follows.
FIRST = 0.1
NEXT = 1.0


class Chunks:
    """Takes PCM s16le as an engine makes it, in pieces of any length, and gives whole chunks with their offsets."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._pending = bytearray()
        #: Samples in the chunks given so far.
        self.offset = 0

    def add(self, pcm: bytes) -> Iterator[tuple[int, bytes]]:
        """Every chunk that is full by now: its offset in samples and its bytes."""
        self._pending += pcm
        while len(self._pending) >= self._size:
            yield self._cut(self._size)

    def rest(self) -> tuple[int, bytes]:
        """The last chunk, which may be empty; half a sample at the very end is dropped."""
        return self._cut(len(self._pending) // SAMPLE_BYTES * SAMPLE_BYTES)

    @property
    def _size(self) -> int:
        return round((NEXT if self.offset else FIRST) * self._rate) * SAMPLE_BYTES

    def _cut(self, size: int) -> tuple[int, bytes]:
        offset, chunk = self.offset, bytes(self._pending[:size])
        del self._pending[:size]
        self.offset += size // SAMPLE_BYTES
        return offset, chunk
