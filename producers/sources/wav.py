"""A WAV file as a source of audio, at real-time pace or as fast as it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from os import PathLike
from pathlib import Path

from producers.sources.convert import Converter
from producers.sources.riff import Encoding, WavHeader, read_header
from shared.errors import AudioFormatError
from shared.models import SAMPLE_BYTES

#: How much of the file is read at once, in parts of a second.
_BLOCKS_PER_S = 10
#: The most of it (bytes), however many channels there are.
_LARGEST_BLOCK = 1 << 24


def is_plain(header: WavHeader, rate: int) -> bool:
    """Whether the samples are mono s16le at `rate` as they are."""
    return (header.encoding, header.channels, header.sample_bytes, header.rate) == (Encoding.INT, 1, SAMPLE_BYTES, rate)


def block_bytes(header: WavHeader) -> int:
    """How much is read at once: 100 ms, or less where that would be too much."""
    return max(1, min(header.rate // _BLOCKS_PER_S, _LARGEST_BLOCK // header.frame_bytes)) * header.frame_bytes


class WavSource:
    """Chunks of a WAV file as mono PCM s16le at `rate` Hz, of about 100 ms each.

    Any sample format, channel count and rate; in real time a chunk comes when a microphone would deliver it, and
    one that a slow reader delays does not delay the next. It can be read several times. Mono 16-bit audio at `rate`
    needs nothing installed; other audio needs numpy, another rate soxr (else DependencyMissing). Raises
    AudioFormatError at once for a file that cannot be read.
    """

    def __init__(self, path: str | PathLike[str], *, rate: int = 16000, realtime: bool = True) -> None:
        self.rate = rate
        self._path = Path(path)
        self._realtime = realtime
        self._header = read_header(self._path)
        self._plain = is_plain(self._header, rate)
        if not self._plain:
            # A missing package is found out now rather than in mid-talk.
            Converter(self._header, rate)

    @property
    def duration(self) -> float:
        """Length in s."""
        return self._header.duration

    @property
    def missing(self) -> float:
        """Seconds that the file says it has and has not, because it was cut short."""
        return self._header.missing / self._header.frame_bytes / self._header.rate

    @property
    def skipped(self) -> str:
        """What was no chunk ahead of the samples; empty where everything was."""
        return f"{self._header.skipped} bytes before the samples" if self._header.skipped else ""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        samples = 0
        for pcm in self._chunks():
            samples += len(pcm) // SAMPLE_BYTES
            due = began + samples / self.rate if self._realtime else 0
            await asyncio.sleep(max(0, due - loop.time()))
            yield pcm

    def _chunks(self) -> Iterator[bytes]:
        if self._plain:
            yield from (block for block, _ in self._blocks())
            return
        converter = Converter(self._header, self.rate)
        for block, last in self._blocks():
            if pcm := converter.convert(block, last=last):
                yield pcm

    def _blocks(self) -> Iterator[tuple[bytes, bool]]:
        """The file's blocks, and whether each is the last."""
        size = block_bytes(self._header)
        left = self._header.length
        try:
            with self._path.open("rb") as file:
                file.seek(self._header.start)
                while left:
                    block = file.read(min(size, left))
                    if len(block) < min(size, left):
                        raise AudioFormatError(f"{self._path}: expected {left} more bytes of audio, got {len(block)}")
                    left -= len(block)
                    yield block, not left
        except OSError as error:
            raise AudioFormatError(f"{self._path}: expected a readable WAV file: {error.strerror}") from None
