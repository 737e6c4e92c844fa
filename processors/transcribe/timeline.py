"""A session's audio in order: what came, what is missing, and what is kept until its words are published."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from processors.contract import Input
from shared.models import SAMPLE_BYTES, AudioFrame

#: Seconds of silence that stand in for missing audio; a longer gap is left open.
LONGEST_FILL = 30.0
#: Seconds of later audio behind a gap that show that the missing frames will not come.
REORDER = 1.0
#: Gaps that are remembered: audio that comes for an older one was here before.
_GAPS = 64


@dataclass(slots=True, eq=False)
class Chunk:
    """Consecutive audio from sample `start` on; `source` is None for silence that fills a gap."""

    start: int
    pcm: bytes
    captured_at: int
    hops: Mapping[str, int]
    source: Input | None
    #: Loop time (s) at which a recogniser first failed on it.
    failed_at: float | None = None

    @property
    def end(self) -> int:
        """The sample behind the last."""
        return self.start + len(self.pcm) // SAMPLE_BYTES


@dataclass(slots=True)
class Timeline:
    """Orders frames by offset, drops what it has, and fills short gaps with silence.

    Offsets and positions are samples at `rate` Hz. Chunks stay until `drop_until`, so that they can be fed again.
    """

    rate: int
    #: Samples of silence put in since this was last read.
    filled: int = 0
    chunks: deque[Chunk] = field(default_factory=deque)
    _out_of_order: list[Chunk] = field(default_factory=list)
    _end: int | None = None
    #: What never came, as first sample and the one behind the last.
    _gaps: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_GAPS))

    @property
    def end(self) -> int:
        """The sample behind the newest ordered audio; 0 before the first."""
        return self._end or 0

    @property
    def empty(self) -> bool:
        """Whether no audio has been put in order yet."""
        return self._end is None

    @property
    def highest_end(self) -> int:
        """The sample behind the newest audio, what waits behind a gap included."""
        return max(self.end, self._out_of_order[-1].end) if self._out_of_order else self.end

    @property
    def waiting(self) -> bool:
        """Whether audio waits behind a gap."""
        return bool(self._out_of_order)

    def milliseconds(self, samples: int) -> int:
        """So many samples as audio time."""
        return samples * 1000 // self.rate

    def add(self, received: Input, frame: AudioFrame) -> bool:
        """Adds a frame; False where all of it was here before."""
        chunk = Chunk(frame.offset, frame.payload, frame.captured_at, frame.hops, received)
        if self._end is not None and chunk.end <= self._end:
            return False
        if self._end is None or chunk.start <= self._end:
            self._append(chunk)
            self._join(gaps=False)
            return True
        if any(other.start <= chunk.start and chunk.end <= other.end for other in self._out_of_order):
            return False
        self._out_of_order.append(chunk)
        self._out_of_order.sort(key=lambda other: other.start)
        if self._out_of_order[-1].end - self._out_of_order[0].start >= REORDER * self.rate:
            self._join(gaps=True)
        return True

    def skip_gaps(self) -> None:
        """Goes on behind every gap: the missing frames will not come."""
        self._join(gaps=True)

    def after(self, position: int) -> Chunk | None:
        """The first chunk that ends behind `position`."""
        index = bisect_right(self.chunks, position, key=lambda chunk: chunk.end)
        return self.chunks[index] if index < len(self.chunks) else None

    def received_after(self, position: int) -> Chunk | None:
        """The first chunk of real audio that ends behind `position`."""
        index = bisect_right(self.chunks, position, key=lambda chunk: chunk.end)
        while index < len(self.chunks) and self.chunks[index].source is None:
            index += 1
        return self.chunks[index] if index < len(self.chunks) else None

    def add_gap(self, start: int, end: int) -> None:
        """Notes that the audio between two samples has not come."""
        self._gaps.append((start, end))

    def in_gap(self, start: int, end: int) -> bool:
        """Whether the audio between two samples lies in a gap that was skipped."""
        return any(first <= start and end <= last for first, last in self._gaps)

    def drop_until(self, position: int) -> Iterator[Chunk]:
        """Gives up, and yields, the chunks that end at or before `position`."""
        while self.chunks and self.chunks[0].end <= position:
            yield self.chunks.popleft()

    def _join(self, *, gaps: bool) -> None:
        while self._out_of_order and (gaps or self._out_of_order[0].start <= self.end):
            chunk = self._out_of_order.pop(0)
            missing = chunk.start - self.end
            if missing > 0:
                self.add_gap(self.end, chunk.start)
            if 0 < missing <= LONGEST_FILL * self.rate:
                silence = bytes(missing * SAMPLE_BYTES)
                self._append(Chunk(self.end, silence, chunk.captured_at, chunk.hops, None))
                self.filled += missing
            self._append(chunk)

    def _append(self, chunk: Chunk) -> None:
        if self._end is not None and chunk.start < self._end:
            chunk.pcm = chunk.pcm[(self._end - chunk.start) * SAMPLE_BYTES :]
            chunk.start = self._end
        self.chunks.append(chunk)
        self._end = chunk.end
