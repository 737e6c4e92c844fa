"""One run of KCL's daemon: a Java process and the children that it starts, all in a process group of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Self, cast

from processors.hosts.kcl.daemon.leash import leashed

#: Seconds between two looks whether children are gone.
_POLL = 0.1
#: Bytes that a line of the log may have; what is longer is cut.
_LONGEST = 1 << 20


class Daemon:
    """Start it with `start`, and always await `close`: nothing of the group is left after that."""

    def __init__(self, process: subprocess.Popen[bytes], reading: asyncio.Task[None]) -> None:
        self._process = process
        self._reading = reading
        self._ended = asyncio.create_task(_ended(process))

    @classmethod
    async def start(cls, command: Sequence[str], environ: Mapping[str, str], take: Callable[[str], None]) -> Self:
        """Starts it; `take` gets every line that it writes. Call this on the main thread, since it dies with that."""
        process = subprocess.Popen(  # noqa: ASYNC220, S603 (it returns at once; nothing in it is a user's)
            leashed([*command]),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A terminal's Ctrl-C is for the supervisor alone.
            start_new_session=True,
        )
        reader = asyncio.StreamReader(limit=_LONGEST)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), cast("IO[bytes]", process.stdout)
        )
        return cls(process, asyncio.create_task(_read(reader, take)))

    @property
    def pid(self) -> int:
        """Its process id, which is that of the group too."""
        return self._process.pid

    async def ended(self) -> int:
        """Waits for its end; returns how it ended, as subprocess does. Children may still be there."""
        return await asyncio.shield(self._ended)

    def drain(self) -> None:
        """Asks it to shut down: KCL lets the children know, waits for them, and ends."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and every child where they stand."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def kill_child(self, pid: int) -> None:
        """Ends one process of the group where it stands."""
        if self.has(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def has(self, pid: int) -> bool:
        """Whether there is such a process in the group."""
        try:
            return os.getpgid(pid) == self.pid
        except ProcessLookupError:
            return False

    def children(self) -> set[int]:
        """The process ids of the others in the group."""
        return {one.pid for one in _processes() if one.group == self.pid} - {self.pid}

    def own_children(self) -> set[int]:
        """The process ids of those that it started itself."""
        return {one.pid for one in _processes() if one.parent == self.pid}

    async def childless(self) -> None:
        """Returns once nothing else is in the group."""
        while self.children():  # noqa: ASYNC110 (processes that are not ours set no event)
            await asyncio.sleep(_POLL)

    async def close(self) -> None:
        """Ends what is left of it, and returns once its last lines are taken."""
        self.kill()
        await self._ended
        await self._reading


class _Process(NamedTuple):
    pid: int
    parent: int
    group: int


def _processes() -> Iterator[_Process]:
    """Every process that runs here."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        # It may end while we look.
        with suppress(FileNotFoundError, ProcessLookupError):
            # The name before the parenthesis may hold anything.
            state, parent, group, *_ = status.read_text(errors="replace").rpartition(")")[2].split()
            if state != "Z":
                yield _Process(int(status.parent.name), int(parent), int(group))


async def _ended(process: subprocess.Popen[bytes]) -> int:
    """Waits for the process alone: asyncio's own wait, for whoever holds its output open too."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    handle = os.pidfd_open(process.pid)
    try:
        loop.add_reader(handle, over.set)
        await over.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return process.wait()


async def _read(stream: asyncio.StreamReader, take: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readuntil()
        except asyncio.IncompleteReadError as error:
            if error.partial:
                take(error.partial.decode(errors="replace"))
            return
        except asyncio.LimitOverrunError as error:
            line = await stream.readexactly(error.consumed)
        take(line.decode(errors="replace").rstrip("\n"))
