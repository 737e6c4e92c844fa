"""Reads the header of a WAV file, extensible and streamed ones too, which the standard library refuses."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from shared.errors import AudioFormatError

#: Format tags of the fmt chunk (Microsoft's mmreg.h).
_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_REFUSED = {0x0002: "ADPCM", 0x0006: "A-law", 0x0007: "mu-law", 0x0011: "IMA ADPCM", 0x0055: "MP3"}
#: What a writer that could not go back puts where a length belongs, and from where on a length may be such a one.
_STREAMED = 0xFFFFFFFF
_UNKNOWN = 0x7FFFF000

_FMT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")


class Encoding(Enum):
    """How a sample is written."""

    INT = "int"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a WAV file holds and where: `length` bytes of samples from byte `start` on.

    `missing` bytes more are announced, but not there: the file is cut short.
    """

    encoding: Encoding
    channels: int
    rate: int
    sample_bytes: int
    start: int
    length: int
    missing: int = 0

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.sample_bytes

    @property
    def duration(self) -> float:
        """Length in s."""
        return self.length / self.frame_bytes / self.rate


def read_header(path: Path) -> WavHeader:
    """The header of the file; raises AudioFormatError, which names the file."""
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise AudioFormatError(f"{path}: expected a readable WAV file: {error.strerror}") from None
    except ValueError as error:
        raise AudioFormatError(f"{path}: {error}") from None


def _read(file: BinaryIO) -> WavHeader:
    size = os.fstat(file.fileno()).st_size
    magic = file.read(12)
    if magic[:4] not in (b"RIFF", b"RF64") or magic[8:] != b"WAVE":
        raise ValueError(f"expected a WAV file, got one that begins with {magic!r}")
    sizes: bytes | None = None
    form: bytes | None = None
    for name, start, length in _chunks(file, size):
        if name == b"ds64":
            sizes = file.read(min(length, 28))
        elif name == b"fmt ":
            form = file.read(min(length, 40))
        elif name == b"data":
            if form is None:
                raise ValueError("expected a fmt chunk ahead of the samples, got none")
            if sizes is not None and length == _STREAMED and len(sizes) >= 16:
                (length,) = struct.unpack_from("<Q", sizes, 8)
            found = _data_length(file, start, length, size)
            return _header(form, start, found, missing=0 if length >= _UNKNOWN else max(0, length - found))
    raise ValueError("expected a data chunk, got none: the file is cut short")


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and length of each chunk, the file standing on its first byte."""
    at = file.tell()
    while at + _CHUNK.size <= size:
        file.seek(at)
        name, length = _CHUNK.unpack(file.read(_CHUNK.size))
        at += _CHUNK.size
        yield name, at, length
        at += length + length % 2


def _data_length(file: BinaryIO, start: int, length: int, size: int) -> int:
    """How many bytes of samples there are: of a streamed file, and of one cut short, all up to the file's end."""
    if length == 0 and start < size:
        # Either a streamed file or an empty one with another chunk behind the samples.
        file.seek(start)
        behind = file.read(_CHUNK.size)
        if len(behind) == _CHUNK.size and behind[:4].isascii() and behind[:4].decode().isprintable():
            return 0 if _CHUNK.unpack(behind)[1] <= size - start else size - start
        return size - start
    return min(length, size - start)


def _header(form: bytes, start: int, length: int, *, missing: int) -> WavHeader:
    if len(form) < _FMT.size:
        raise ValueError(f"expected a fmt chunk of {_FMT.size} bytes or more, got {len(form)}")
    tag, channels, rate, _, block, bits = _FMT.unpack_from(form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from("<H", form, 24)
    if tag not in (_PCM, _FLOAT):
        raise ValueError(f"expected PCM or float samples, got {_REFUSED.get(tag, f'format {tag:#06x}')}")
    if channels == 0 or not 1000 <= rate <= 768_000:
        raise ValueError(f"expected 1 channel or more at 1000-768000 Hz, got {channels} at {rate} Hz")
    sample_bytes, odd = divmod(block, channels)
    if odd or sample_bytes not in ((4, 8) if tag == _FLOAT else (1, 2, 3, 4)) or bits > sample_bytes * 8:
        raise ValueError(
            f"expected samples of 8, 16, 24 or 32 bits or floats of 32 or 64, "
            f"got {bits} bits in blocks of {block} bytes for {channels} channels"
        )
    frames = length // block
    if frames == 0:
        raise ValueError("expected audio, got no samples")
    return WavHeader(
        Encoding.FLOAT if tag == _FLOAT else Encoding.INT, channels, rate, sample_bytes, start, frames * block, missing
    )
