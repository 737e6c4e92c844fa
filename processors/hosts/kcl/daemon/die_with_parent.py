"""Becomes a program that dies with the process that started this one: `python die_with_parent.py PID PROGRAM ARG...`.

A program of its own, so that nothing of ours runs between a fork and what follows it. The kernel kills it when the
thread ends that started it: that must be one which lasts, the main thread.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def dying_with_parent(command: list[str]) -> list[str]:
    """The command line that starts `command` so that it dies with this process."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(os.getpid()), *command]


def main() -> None:
    """Ties this process to its parent, and becomes the program."""
    parent, program, *arguments = sys.argv[1:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # It may have died before the death signal was set.
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(program, [program, *arguments])  # noqa: S606 (there is no shell to avoid)


if __name__ == "__main__":
    main()
