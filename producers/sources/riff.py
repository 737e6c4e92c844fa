"""Reads the header of a WAV file, extensible and streamed ones too, which the standard library refuses."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from shared.errors import AudioFormatError

#: What a WAV file begins with; behind four more bytes stands WAVE. The latter two are for files beyond 4 GiB.
_MAGIC = (b"RIFF", b"RF64", b"BW64")
#: Format tags of the fmt chunk (Microsoft's mmreg.h).
_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_REFUSED = {0x0002: "ADPCM", 0x0006: "A-law", 0x0007: "mu-law", 0x0011: "IMA ADPCM", 0x0055: "MP3"}
#: What a writer that could not go back puts where a length belongs, and from where on a length may be such a one.
_STREAMED = 0xFFFFFFFF
_UNKNOWN = 0x7FFFF000
#: The length of samples that go on until the pipe ends.
UNKNOWN_LENGTH = 1 << 63

#: Chunks that tell where one begins, though the one before it has no padding or a wrong length.
_FAMILIAR = (b"fmt ", b"data", b"LIST", b"fact", b"bext", b"iXML", b"JUNK", b"cue ", b"id3 ", b"PEAK")
#: How far behind a wrong length (bytes) the next chunk is looked for, and the most that may stand before the samples.
_SEARCHED = 1 << 20
_FARTHEST = 1 << 26

#: Up to so many bytes from there on: (first byte, how many).
Peek = Callable[[int, int], bytes]

_FMT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")


class Encoding(Enum):
    """How a sample is written."""

    INT = "int"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a WAV file holds and where: `length` bytes of samples from byte `start` on.

    `missing` bytes more are announced, but not there: the file is cut short. `skipped` bytes before the samples were
    no chunk that could be told.
    """

    encoding: Encoding
    channels: int
    rate: int
    sample_bytes: int
    start: int
    length: int
    missing: int = 0
    skipped: int = 0

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.sample_bytes

    @property
    def duration(self) -> float:
        """Length in s."""
        return self.length / self.frame_bytes / self.rate


class CompressedSamples(AudioFormatError):
    """The samples of a WAV file are compressed: another reader may know them."""


def is_wav(head: bytes) -> bool:
    """Whether a file that begins with these 12 bytes is a WAV file."""
    return head[:4] in _MAGIC and head[8:12] == b"WAVE"


def read_header(path: Path) -> WavHeader:
    """The header of the file; raises AudioFormatError, which names the file."""
    try:
        with path.open("rb") as file:
            return _read(_peeking_into(file), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise AudioFormatError(f"{path}: expected a readable WAV file: {error.strerror}") from None
    except CompressedSamples as error:
        raise CompressedSamples(f"{path}: {error}") from None
    except ValueError as error:
        raise AudioFormatError(f"{path}: {error}") from None


def read_piped_header(peek: Peek) -> WavHeader:
    """The header of a WAV file that comes through a pipe; a `length` of UNKNOWN_LENGTH is up to the pipe's end.

    Raises ValueError, and CompressedSamples where they are compressed.
    """
    return _read(peek, None)


def _peeking_into(file: BinaryIO) -> Peek:
    def peek(at: int, size: int) -> bytes:
        file.seek(at)
        return file.read(size)

    return peek


def _read(peek: Peek, size: int | None) -> WavHeader:
    """The header of a file of `size` bytes, None where nobody knows."""
    magic = peek(0, 12)
    if not is_wav(magic):
        raise ValueError(f"expected a WAV file, got one that begins with {magic!r}")
    sizes: bytes | None = None
    form: bytes | None = None
    skipped = 0
    for name, start, length, passed in _chunks(peek, size):
        skipped += passed
        if name == b"ds64":
            sizes = peek(start, min(length, 28))
        elif name == b"fmt ":
            form = peek(start, min(length, 40))
        elif name == b"data":
            if form is None:
                raise ValueError("expected a fmt chunk ahead of the samples, got none")
            if sizes is not None and length == _STREAMED and len(sizes) >= 16:
                (length,) = struct.unpack_from("<Q", sizes, 8)
            found = _data_length(peek, start, length, size)
            missing = 0 if length >= _UNKNOWN else max(0, length - found)
            return _header(form, start, found, missing=0 if found == UNKNOWN_LENGTH else missing, skipped=skipped)
    raise ValueError("expected a data chunk, got none: the file is cut short")


def _chunks(peek: Peek, size: int | None) -> Iterator[tuple[bytes, int, int, int]]:
    """Name, first byte and length of each chunk, and how many bytes before it were none."""
    at, passed = 12, 0
    while len(head := peek(at, _CHUNK.size)) == _CHUNK.size:
        if at > _FARTHEST and size is None:
            raise ValueError(f"expected samples within the first {_FARTHEST >> 20} MiB, got none")
        name, length = _CHUNK.unpack(head)
        if name != b"data" and not _is_chunk(name, at + _CHUNK.size + length, size):
            found = _familiar(peek(at + 1, _SEARCHED))
            if found is None:
                return
            passed += found + 1
            at += found + 1
            continue
        at += _CHUNK.size
        yield name, at, length, passed
        passed = 0
        at += length + _padding(peek, at + length) if length % 2 else length


def _is_chunk(name: bytes, end: int, size: int | None) -> bool:
    """Whether a chunk of this name may end there, in a file of `size` bytes."""
    return name.isascii() and name.decode().isprintable() and end <= (_FARTHEST if size is None else size)


def _padding(peek: Peek, end: int) -> int:
    """A chunk of odd length is padded, but some writers know nothing of that."""
    behind = peek(end, 5)
    return 0 if behind[:4] in _FAMILIAR and behind[1:5] not in _FAMILIAR else 1


def _familiar(data: bytes) -> int | None:
    """Where the next chunk that leads to the samples begins."""
    found = [at for name in (b"fmt ", b"data") if (at := data.find(name)) >= 0]
    return min(found, default=None)


def _data_length(peek: Peek, start: int, length: int, size: int | None) -> int:
    """How many bytes of samples there are: of a streamed file, and of one cut short, all up to the file's end."""
    if size is None:
        if length == 0:
            return 0 if peek(start, 4) in (b"", *_FAMILIAR) else UNKNOWN_LENGTH
        return length if length < _UNKNOWN or length > _STREAMED else UNKNOWN_LENGTH
    if length == 0 and start < size:
        # Either a streamed file or an empty one with another chunk behind the samples.
        behind = peek(start, _CHUNK.size)
        if len(behind) == _CHUNK.size and behind[:4].isascii() and behind[:4].decode().isprintable():
            return 0 if _CHUNK.unpack(behind)[1] <= size - start else size - start
        return size - start
    return min(length, size - start)


def _header(form: bytes, start: int, length: int, *, missing: int, skipped: int) -> WavHeader:
    if len(form) < _FMT.size:
        raise ValueError(f"expected a fmt chunk of {_FMT.size} bytes or more, got {len(form)}")
    tag, channels, rate, _, block, bits = _FMT.unpack_from(form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from("<H", form, 24)
    if tag not in (_PCM, _FLOAT):
        raise CompressedSamples(f"expected PCM or float samples, got {_REFUSED.get(tag, f'format {tag:#06x}')}")
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
        Encoding.FLOAT if tag == _FLOAT else Encoding.INT,
        channels,
        rate,
        sample_bytes,
        start,
        UNKNOWN_LENGTH if length == UNKNOWN_LENGTH else frames * block,
        missing,
        skipped,
    )
