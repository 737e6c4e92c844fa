"""The example programs, as a user runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.support.waiting import TIMEOUT

ROOT = Path(__file__).parents[3]


class Program:
    """An example that runs, warnings as errors."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._printed = ""

    def line(self) -> str:
        """The next line that it prints, empty at its end."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self._printed += line
        return line

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        """Its exit code, and all that it wrote to stdout and stderr."""
        out, err = self._process.communicate(timeout=TIMEOUT)
        return self._process.returncode, self._printed + out, err


@contextmanager
def started(
    example: str, *arguments: str, environment: Mapping[str, str] | None = None, stdin: IO[bytes] | None = None
) -> Iterator[Program]:
    """The example, killed where it still runs behind the block."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(ROOT / "examples" / f"{example}.py"), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


def run(example: str, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Runs the example to its end: its exit code, stdout and stderr."""
    with started(example, *arguments, environment=environment) as program:
        return program.end()
