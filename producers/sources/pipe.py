"""Standard input, a FIFO or a process's output as a file that can be read only once, as it comes."""

from __future__ import annotations

import os
import select
import shutil
import stat
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from shared.errors import AudioFormatError

#: The name of standard input, as in most commands.
STANDARD_INPUT = Path("-")
#: How much is asked for at once.
_AT_ONCE = 65_536
#: How far ahead an index is looked for: all up to there is kept in memory.
_FARTHEST = 1 << 20
_BOX = struct.Struct(">I4s")


def is_piped(path: Path) -> bool:
    """Whether what stands behind the name is no file with a beginning and an end; raises AudioFormatError."""
    if path == STANDARD_INPUT:
        return True
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise AudioFormatError(f"{path}: expected a readable recording: {_reason(error)}") from None
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


class Pipe:
    """Reads what has come, and waits only where nothing has; what was looked at is still there to be read.

    Opening a FIFO waits for its writer. Raises AudioFormatError for what cannot be opened, and where nothing comes.
    """

    def __init__(self, path: Path) -> None:
        self.name = "standard input" if path == STANDARD_INPUT else str(path)
        if path == STANDARD_INPUT and sys.stdin is None:
            # Some other file may have its number by now.
            raise AudioFormatError(f"{self.name}: expected a recording, but it is closed")
        try:
            self._file = os.dup(0) if path == STANDARD_INPUT else os.open(path, os.O_RDONLY)
        except OSError as error:
            raise AudioFormatError(f"{self.name}: expected a readable recording: {_reason(error)}") from None
        self._ahead = bytearray()
        self._at = 0
        if os.isatty(self._file):
            os.close(self._file)
            raise AudioFormatError(f"{self.name}: expected a recording, got a terminal; pipe one into it")
        head = self.peek(0, 1)
        #: When (s, of the monotonic clock) its first byte was there: of live audio, when that began.
        self.began = time.monotonic()
        if not head:
            self.close()
            raise AudioFormatError(f"{self.name}: expected a recording, got nothing at all")

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes as they come, none at the end; all up to the end where that is negative."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_AT_ONCE), b""))
        if self._at < len(self._ahead):
            data = bytes(self._ahead[self._at : self._at + size])
            self._at += len(data)
            return data
        # Nobody looks back once it is read on.
        self._ahead.clear()
        self._at = 0
        return self._more(size)

    def peek(self, at: int, size: int) -> bytes:
        """Up to `size` bytes from byte `at` on, before any is read."""
        while len(self._ahead) < at + size and (more := self._more(min(_AT_ONCE, at + size - len(self._ahead)))):
            self._ahead += more
        return bytes(self._ahead[at : at + size])

    def skip(self, size: int) -> None:
        """Reads so many bytes, or all there are."""
        while size and (data := self.read(min(size, _AT_ONCE))):
            size -= len(data)

    def kept(self) -> BinaryIO | None:
        """All of it in a temporary file, the pipe closed, where it has to be there before it can be read; else None.

        A recording of the MP4 family has its index behind the audio, unless it was made to be streamed.
        """
        if self._index()[0] != b"mdat":
            return None
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
        shutil.copyfileobj(self, file)
        self.close()
        file.seek(0)
        return file

    def is_fragmented(self) -> bool:
        """Whether it is of the MP4 family and written as it was recorded: its index says nothing of what follows."""
        name, index = self._index()
        return name == b"moov" and b"mvex" in index

    def close(self) -> None:
        """Reads no more."""
        os.close(self._file)

    def _index(self) -> tuple[bytes, bytes]:
        """Name and beginning of the first box that is no preface; of no name where there are none."""
        at = 0
        while at < _FARTHEST and len(head := self.peek(at, 16)) == 16:
            size, name = _BOX.unpack_from(head)
            if name not in (b"ftyp", b"wide", b"free", b"skip"):
                # The index of fragments is short.
                return name, self.peek(at, min(size, _AT_ONCE)) if name == b"moov" else b""
            at += max(size, _BOX.size)
        return b"", b""

    def _more(self, size: int) -> bytes:
        while True:
            try:
                return os.read(self._file, size)
            except BlockingIOError:
                # Whoever shares it has told it not to wait.
                select.select([self._file], [], [])
            except OSError as error:
                raise AudioFormatError(f"{self.name}: expected a readable recording: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
