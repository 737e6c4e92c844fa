"""A WAV file of one language's speech on the speaker's timeline."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.errors import SinkError
from shared.models import SAMPLE_BYTES
from sinks.audio import AudioChunk
from sinks.files.output import create, write_all, writing

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
#: What a WAV file holds: its sizes have 32 bits.
_MAX_SAMPLES = (2**32 - 1 - (_HEADER.size - 8)) // SAMPLE_BYTES


class WavWriter:
    """Places clips end to end, none before its segment's end; the file is whole after every chunk.

    Mono PCM s16le at the rate of the first chunk (`rate` where there is none). Raises SinkError where the file
    cannot be written or would be longer than a WAV file may be, or where a chunk has another rate.
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
        begin = max(self._samples, chunk.end * self._rate // 1000) if chunk.first else self._samples
        samples = begin + len(chunk.payload) // SAMPLE_BYTES
        if samples > _MAX_SAMPLES:
            raise SinkError(
                f"{self._path}: expected at most {_MAX_SAMPLES / self._rate / 3600:.0f} h, all that a WAV file holds, "
                f"got a clip at {chunk.end / 3_600_000:.0f} h; what was written before is readable"
            )
        with writing(self._path):
            # What is passed over reads as silence, and takes no space on the disk.
            self._file.seek(_HEADER.size + begin * SAMPLE_BYTES)
            try:
                write_all(self._file, chunk.payload)
            except OSError:
                # Nothing of it shall be heard in what a later clip passes over.
                with suppress(OSError):
                    self._file.truncate(_HEADER.size + self._samples * SAMPLE_BYTES)
                raise
            self._samples = samples
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
