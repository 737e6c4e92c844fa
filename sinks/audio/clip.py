"""One clip as it arrives: chunks by offset, one attempt replacing another."""

from __future__ import annotations

from collections.abc import Iterator

from shared.models import SAMPLE_BYTES, Speech


class Clip:
    """Gives out the audio of one clip in order, each moment of it once.

    A higher attempt replaces one that is not complete, and goes on at the same fraction of the text: what lasted p
    samples at one tempo lasts p times that over the other tempo.
    """

    def __init__(self) -> None:
        self._chunks: dict[int, Speech] = {}
        self._newest: Speech | None = None
        self._emitted = 0
        #: Whether audio was given out, and whether the last of it was.
        self.begun = False
        self.complete = False

    def add(self, chunk: Speech) -> None:
        """Takes a chunk; one of an older attempt, or that is here already, is ignored."""
        newest = self._newest
        if newest is not None and chunk.attempt < newest.attempt:
            return
        if newest is not None and chunk.attempt > newest.attempt:
            if self.whole:
                return
            self._chunks.clear()
            self._emitted = round(self._emitted * newest.tempo / chunk.tempo * chunk.rate / newest.rate)
        self._newest = chunk
        self._chunks.setdefault(chunk.offset, chunk)

    def take(self) -> Iterator[tuple[Speech, bytes, bool]]:
        """The audio that is next, as far as it is here: each chunk, what of its payload is new, and if it begins."""
        while not self.complete and (chunk := self._next()) is not None:
            payload = chunk.payload[max(0, self._emitted - chunk.offset) * SAMPLE_BYTES :]
            end = chunk.offset + len(chunk.payload) // SAMPLE_BYTES
            del self._chunks[chunk.offset]
            self._emitted = max(self._emitted, end)
            self.complete = chunk.last
            if payload or chunk.last:
                begins, self.begun = not self.begun, True
                yield chunk, payload, begins

    def _next(self) -> Speech | None:
        if not self._chunks:
            return None
        chunk = self._chunks[min(self._chunks)]
        return chunk if chunk.offset <= self._emitted else None

    @property
    def whole(self) -> bool:
        """Whether every chunk of the newest attempt is here or was given out."""
        end = self._emitted
        for offset in sorted(self._chunks):
            chunk = self._chunks[offset]
            if offset > end:
                return False
            end = max(end, offset + len(chunk.payload) // SAMPLE_BYTES)
            if chunk.last:
                return True
        return self.complete
