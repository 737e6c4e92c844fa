"""One run of KCL's daemon: a Java process, the children that it starts and what those start, all in one session."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Self, cast

from processors.hosts.kcl.daemon.die_with_parent import dying_with_parent
from processors.hosts.kcl.daemon.processes import processes

#: Seconds between two polls whether children are gone.
_POLL = 0.1
#: Bytes that a line of the log may have; what is longer is cut.
_LONGEST = 1 << 20


class Daemon:
    """Start it with `start`, and always await `close`: nothing of the session is left after that."""

    def __init__(self, process: subprocess.Popen[bytes], reading: asyncio.Task[None]) -> None:
        self._process = process
        self._reading = reading
        self._closed = False
        self._ended = asyncio.create_task(_ended(process))

    @classmethod
    async def start(cls, command: Sequence[str], environ: Mapping[str, str], on_line: Callable[[str], None]) -> Self:
        """Starts it; `on_line` gets every line of its output. Call this on the main thread, since it dies with that."""
        process = subprocess.Popen(  # noqa: ASYNC220, S603 (it returns at once; nothing in it is a user's)
            dying_with_parent([*command]),
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
        return cls(process, asyncio.create_task(_read(reader, on_line)))

    @property
    def pid(self) -> int:
        """Its process id, which is that of the session too; it is no other process's before `close`."""
        return self._process.pid

    async def ended(self) -> int:
        """Waits for its end; returns how it ended, as subprocess does. Children may still be there."""
        return await asyncio.shield(self._ended)

    def drain(self) -> None:
        """Asks it to shut down: KCL lets the children know, waits for them, and ends."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kills it, every child and all that those started."""
        killed: set[int] = set()
        # What one of them started while it was being killed is found in the next round.
        while left := self._living() - killed:
            for pid in left:
                self.kill_child(pid)
            killed |= left

    def kill_child(self, pid: int) -> None:
        """Kills one process of the session."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            try:
                # Whose number it is now is asked behind the handle, which stays that one process's.
                if self.has(pid):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)

    def has(self, pid: int) -> bool:
        """Whether there is such a process in the session."""
        try:
            return not self._closed and os.getsid(pid) == self.pid
        except ProcessLookupError:
            return False

    def children(self) -> set[int]:
        """The process ids of the others in the session."""
        return self._living() - {self.pid}

    def own_children(self) -> set[int]:
        """The process ids of those that it started itself."""
        return {one.pid for one in processes() if one.parent == self.pid}

    async def wait_childless(self) -> None:
        """Returns once nothing else is in the session."""
        while self.children():  # noqa: ASYNC110 (processes that are not ours set no event)
            await asyncio.sleep(_POLL)

    async def close(self) -> None:
        """Ends what is left of it, and returns once its last lines are read."""
        if not self._closed:
            self.kill()
            await self.ended()
            self._process.wait()
            self._closed = True
        # Where this is cancelled, it is called again.
        await asyncio.shield(self._reading)

    def _living(self) -> set[int]:
        """The session's processes. One may leave its group, as what an engine starts does, but not its session."""
        return {one.pid for one in processes() if one.session == self.pid}


async def _ended(process: subprocess.Popen[bytes]) -> int:
    """Waits for the process alone: asyncio's own wait, for whoever holds its output open too.

    It is left a zombie, so that its number, by which the session is known, becomes nobody else's.
    """
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    handle = os.pidfd_open(process.pid)
    try:
        loop.add_reader(handle, over.set)
        await over.wait()
        end = os.waitid(os.P_PIDFD, handle, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 (it has ended)
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    assert end is not None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


async def _read(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readuntil()
        except asyncio.IncompleteReadError as error:
            if error.partial:
                on_line(error.partial.decode(errors="replace"))
            return
        except asyncio.LimitOverrunError as error:
            line = await stream.readexactly(error.consumed)
        on_line(line.decode(errors="replace").rstrip("\n"))
