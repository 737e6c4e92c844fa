"""A WAV file of one language's speech on the speaker's time line."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.errors import SinkError
from shared.models import SAMPLE_BYTES
from sinks.audio import AudioChunk
from sinks.files.output import create, write_all, writing

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class WavWriter:
    """Places clips end to end, none before its segment's end; the file is whole after every chunk.

    Mono PCM s16le at the rate of the first chunk (`rate` where there is none). Raises SinkError where the file
    cannot be written, or where a chunk has another rate.
    """

    def __init__(self, path: Path, rate: int = 22050) -> None:
        self._path = path
        self._rate = rate
        self._samples = 0
        self._file = create(path, self._header())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def chunk(self, chunk: AudioChunk) -> None:
        """Adds a chunk."""
        if not self._samples:
            self._rate = chunk.rate
        if chunk.rate != self._rate:
            raise SinkError(f"{self._path}: expected audio at {self._rate} Hz, got {chunk.rate} Hz")
        silence = max(0, chunk.end * self._rate // 1000 - self._samples) if chunk.first else 0
        audio = bytes(silence * SAMPLE_BYTES) + chunk.payload
        with writing(self._path):
            self._file.seek(_HEADER.size + self._samples * SAMPLE_BYTES)
            write_all(self._file, audio)
            self._samples += len(audio) // SAMPLE_BYTES
            self._file.seek(0)
            write_all(self._file, self._header())

    def close(self) -> None:
        """Finishes the file."""
        self._file.close()

    def _header(self) -> bytes:
        size = self._samples * SAMPLE_BYTES
        return _HEADER.pack(
            b"RIFF",
            _HEADER.size - 8 + size,
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            self._rate,
            self._rate * SAMPLE_BYTES,
            SAMPLE_BYTES,
            8 * SAMPLE_BYTES,
            b"data",
            size,
        )
