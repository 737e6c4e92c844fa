"""The entry point of `llt`, and of `python -m cli`."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from cli import open_files, standard_streams
from shared.errors import SetupError
from shared.remedies import install_extra

#: The exit code of what Ctrl-C stopped, as shells have it.
_STOPPED = 130


def main() -> None:
    """Runs the command line and ends the process; a client that installed the producer alone is told what it lacks."""
    standard_streams.make_usable()
    open_files.raise_limit()
    try:
        open_files.check(open_files.FEWEST)
    except SetupError as error:
        sys.exit(f"llt: {error}")
    # While packages are imported nothing is under way that would have to be finished.
    default_handler = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if default_handler:
        signal.signal(signal.SIGINT, _exit_now)
    try:
        from cli.main import run  # noqa: PLC0415 (it needs packages that a producer's client does without)
    except ModuleNotFoundError as error:
        sys.exit(f"llt: the package {error.name} is missing: {install_extra('workers')}")
    code = _STOPPED
    with suppress(KeyboardInterrupt):
        if default_handler:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run(sys.argv[1:])
    if default_handler:
        signal.signal(signal.SIGINT, _exit_now)
    _end(code)


def _end(code: int) -> None:
    """Ends the process at once: while Python itself ends, a second Ctrl-C would be a signal that ends it."""
    # What Python does at its end, but for waiting for threads.
    atexit._run_exitfuncs()
    standard_streams.flush()
    os._exit(code)


def _exit_now(_number: int, _frame: FrameType | None) -> None:
    os._exit(_STOPPED)


if __name__ == "__main__":
    main()
