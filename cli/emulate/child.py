"""The command that the emulators run for."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from shared.errors import SetupError


async def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs it to its end and returns its exit code, as a shell tells it (128 + N where signal N ended it).

    SIGINT and SIGTERM do not end this process, and reach it: SIGINT but where both are in the foreground of a terminal,
    whose Ctrl-C it has already. Raises SetupError where it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environ)
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run: {error.strerror}") from None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _pass_on, process, number)
    try:
        code = await process.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return code if code >= 0 else 128 - code


def _pass_on(process: Process, number: signal.Signals) -> None:
    # Ctrl-C reaches whatever is in the terminal's foreground: twice would mean "at once" to the command.
    if number is signal.SIGINT and _in_foreground():
        return
    with suppress(ProcessLookupError):
        process.send_signal(number)


def _in_foreground() -> bool:
    # The terminal itself is asked: stdin may be anything else, and Ctrl-C comes all the same.
    with suppress(OSError), Path("/dev/tty").open("rb", buffering=0) as terminal:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False
