"""The processes that run on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """One of them, by the numbers that the kernel knows it by."""

    pid: int
    parent: int
    session: int


def processes() -> Iterator[Process]:
    """Every process that runs here; one that has ended and was not waited for runs no more."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        # It may end while we look.
        with suppress(FileNotFoundError, ProcessLookupError):
            # The name before the parenthesis may hold anything.
            state, parent, _, session, *_ = status.read_text(errors="replace").rpartition(")")[2].split()
            if state != "Z":
                yield Process(int(status.parent.name), int(parent), int(session))
