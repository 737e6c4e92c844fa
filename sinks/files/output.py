"""Files whose faults say which file it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from shared.errors import SinkError


def create(path: Path, head: bytes) -> FileIO:
    """The file, made anew, with its first bytes; raises SinkError and leaves nothing open."""
    try:
        file = FileIO(path, "w")
    except OSError as error:
        raise SinkError(f"{path}: {error.strerror or error}; choose another file") from error
    with writing(path):
        try:
            write_all(file, head)
        except OSError:
            file.close()
            raise
    return file


def write_all(file: FileIO, data: bytes) -> None:
    """Writes all of it: an unbuffered file may take a part."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def append(file: FileIO, data: bytes) -> None:
    """Writes all of it behind what is there, or nothing of it."""
    size = file.tell()
    try:
        write_all(file, data)
    except OSError:
        # What is no regular file cannot be cut.
        with suppress(OSError):
            file.seek(size)
            file.truncate()
        raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a SinkError that names the file."""
    try:
        yield
    except OSError as error:
        raise SinkError(f"{path}: {error.strerror or error}; what was written before is readable") from error
