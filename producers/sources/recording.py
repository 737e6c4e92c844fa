"""Any recording as a source of audio: a file of whatever format, or what comes through a pipe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from os import PathLike
from pathlib import Path
from typing import Protocol

from producers.sources.media import MediaReader
from producers.sources.pipe import Pipe, is_piped
from producers.sources.read_ahead import read_ahead
from producers.sources.riff import CompressedSamples, is_wav
from producers.sources.wav import WavSource
from producers.sources.wav_pipe import PipedWav
from shared.errors import AudioFormatError, DependencyMissing
from shared.models import SAMPLE_BYTES

#: The longest chunk, in parts of a second, and how many of them are read ahead.
_CHUNKS_PER_S = 10
_WAITING = 20
#: How much of a WAV file says that it is one.
_HEAD = 12


class _Reader(Protocol):
    """What a recording is read by; see RecordingSource for what its attributes say."""

    @property
    def duration(self) -> float | None: ...

    @property
    def missing(self) -> float: ...

    @property
    def skipped(self) -> str: ...

    def check(self, rate: int) -> None:
        """Raises DependencyMissing where it cannot be converted to that rate."""

    def pcm(self, rate: int) -> Iterator[bytes]:
        """Mono PCM s16le at `rate`, in chunks of any length."""


class RecordingSource:
    """Chunks of a recording as mono PCM s16le at `rate` Hz, of about 100 ms at most.

    `path` is a file, a FIFO, or `-` for standard input. WAV (BW64 and RF64 too) is read as WavSource reads it; all
    else (W64, AIFF, FLAC, MP3, Ogg, M4A, ..., and a video's sound) wants PyAV, the extra `files`. In real time a chunk
    comes when a microphone would deliver it, of a pipe counted from its first byte on: live audio is passed on as it
    comes. A file can be read several times, a pipe once.

    Raises AudioFormatError at once for what is no recording, and when it is read for one in which there is no audio;
    DependencyMissing where a library is missing. Opening a pipe waits for what its beginning says.
    """

    def __init__(self, path: str | PathLike[str], *, rate: int = 16000, realtime: bool = True) -> None:
        self._path = Path(path)
        self._realtime = realtime
        self._rate = rate
        self._pipe = Pipe(self._path) if is_piped(self._path) else None
        #: What messages call it.
        self.name = str(self._path) if self._pipe is None else self._pipe.name
        self._reader = self._piped(self._pipe) if self._pipe else self._stored()
        if not isinstance(self._reader, WavSource):
            self._reader.check(rate)

    @property
    def rate(self) -> int:
        """Samples a second of what it yields; it may be set until it is read."""
        return self._rate

    @rate.setter
    def rate(self, rate: int) -> None:
        if isinstance(self._reader, WavSource):
            self._reader = WavSource(self._path, rate=rate, realtime=self._realtime)
        else:
            self._reader.check(rate)
        self._rate = rate

    @property
    def duration(self) -> float | None:
        """Length in s of what is there, as far as the recording says it; None where nobody knows it yet."""
        return self._reader.duration

    @property
    def missing(self) -> float:
        """Seconds more that it says it has, being cut short; of all but WAV files that are no pipe known at the end."""
        return self._reader.missing

    @property
    def skipped(self) -> str:
        """What in it could not be read and was passed over, in words; empty where nothing was."""
        return self._reader.skipped

    @property
    def waited(self) -> float:
        """How long (s) ago a pipe's first byte came; 0 for a file."""
        return time.monotonic() - self._pipe.began if self._pipe else 0.0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if isinstance(self._reader, WavSource):
            async for pcm in self._reader:
                yield pcm
            return
        loop = asyncio.get_running_loop()
        began = loop.time() - self.waited
        samples = 0
        async for pcm in read_ahead(self._chunks(self._reader), _WAITING):
            samples += len(pcm) // SAMPLE_BYTES
            due = began + samples / self.rate if self._realtime else 0
            await asyncio.sleep(max(0, due - loop.time()))
            yield pcm
        if not samples:
            raise AudioFormatError(f"{self.name}: expected audio, got no samples that can be read")

    def _chunks(self, reader: _Reader) -> Iterator[bytes]:
        """None longer than 100 ms."""
        size = self.rate // _CHUNKS_PER_S * SAMPLE_BYTES
        for pcm in reader.pcm(self.rate):
            yield from (pcm[start : start + size] for start in range(0, len(pcm), size))

    def _stored(self) -> WavSource | _Reader:
        """What reads a file."""
        try:
            with self._path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError as error:
            raise AudioFormatError(f"{self.name}: expected a readable recording: {error.strerror}") from None
        if not is_wav(head):
            return MediaReader(self._path)
        try:
            return WavSource(self._path, rate=self._rate, realtime=self._realtime)
        except CompressedSamples as refused:
            return _other(self._path, refused)

    def _piped(self, pipe: Pipe) -> _Reader:
        """What reads a pipe."""
        if not is_wav(pipe.peek(0, _HEAD)):
            return MediaReader(pipe)
        try:
            return PipedWav(pipe)
        except CompressedSamples as refused:
            return _other(pipe, CompressedSamples(f"{self.name}: {refused}"))
        except ValueError as refused:
            raise AudioFormatError(f"{self.name}: {refused}") from None


def _other(source: Path | Pipe, refused: CompressedSamples) -> _Reader:
    """What reads a WAV file of compressed samples; raises `refused` where nothing does."""
    try:
        return MediaReader(source)
    except (AudioFormatError, DependencyMissing):
        raise refused from None
