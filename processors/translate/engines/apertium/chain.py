"""A chain of processes, each reading what the one before it writes."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Sequence
from typing import IO

from processors.translate.engines.apertium.mode import Command
from shared.errors import EngineUnavailable

#: The longest message that is read, in bytes.
_LIMIT = 1 << 20


class Chain:
    """The processes and both ends of their pipe. They end by themselves when the first one's input ends.

    They are started without asyncio's own support, whose watcher would keep a thread for each.
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = commands
        self._processes: list[subprocess.Popen[bytes]] = []
        self._reader = asyncio.StreamReader(limit=_LIMIT)
        self._transports: list[asyncio.BaseTransport] = []

    async def open(self) -> None:
        """Starts every process. EngineUnavailable where one cannot be."""
        before: IO[bytes] | int = subprocess.PIPE
        for command in self._commands:
            try:
                process = self._spawn(command, before)
            except OSError as error:
                raise EngineUnavailable(
                    f"cannot start {command[0]}: {error.strerror}; apt-get install --reinstall apertium"
                ) from None
            if not isinstance(before, int):
                before.close()
            self._processes.append(process)
            assert process.stdout is not None
            before = process.stdout
            # A start takes some ms, and others want the loop meanwhile.
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        self._writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, self._processes[0].stdin)
        self._transports.append(self._writer)
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), self._processes[-1].stdout
        )
        self._transports.append(reading)

    @staticmethod
    def _spawn(command: Command, stdin: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 (the commands are those of the installed packages)
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            # Their warnings quote what was said, which no log may hold.
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            # Ctrl-C at a terminal is for this process alone, which still finishes what was said.
            process_group=0,
        )

    @property
    def alive(self) -> bool:
        """Whether every process runs."""
        return all(process.poll() is None for process in self._processes)

    async def ask(self, message: str) -> str:
        """What the last process answers to the message. ValueError where it ends in mid-answer."""
        self._writer.write(message.encode("utf-8", "replace") + b"\0")
        try:
            answer = await self._reader.readuntil(b"\0")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ValueError(str(error)) from None
        return answer[:-1].decode("utf-8", "replace")

    async def close(self) -> None:
        """Ends every process."""
        for transport in self._transports:
            if transport.is_closing():
                # Its process has died.
                continue
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
            else:
                transport.close()
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        # The transports end in the loop's next round.
        await asyncio.sleep(0)
