"""What ends a command that runs until somebody stops it."""

from __future__ import annotations

import asyncio
import signal


async def stop_requested() -> None:
    """Returns at the first SIGINT or SIGTERM; a second one ends the process at once.

    So does a first one that comes after this was cancelled: the command ends by itself then.
    """
    loop = asyncio.get_running_loop()
    requested = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if requested.is_set():
            # What it does by default. The loop calls this between the steps of tasks: KeyboardInterrupt stops the loop,
            # and tasks are cancelled. Raised within a task, it would leave what that does at its end to wait in peace.
            loop.remove_signal_handler(number)
            signal.raise_signal(number)
        requested.set()
        # The next one ends the process, whatever that does.
        loop.remove_signal_handler(signal.SIGTERM)

    # Until the loop closes, which removes them.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        await requested.wait()
    finally:
        requested.set()
