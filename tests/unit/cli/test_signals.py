"""What a command does that runs until it is asked to stop, at the signals that come after that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]

#: Stops waiting for a signal, at a first one or because it is cancelled, and gets the signal SECOND amid a step.
PROGRAM = """
import asyncio, signal, sys
from cli.signals import stop_requested
why, second = sys.argv[1], signal.Signals[sys.argv[2]]

async def main():
    waiting = asyncio.create_task(stop_requested())
    await asyncio.sleep(0)
    if why == "cancelled":
        waiting.cancel()
    else:
        signal.raise_signal(signal.Signals[why])
    await asyncio.wait({waiting})
    try:
        signal.raise_signal(second)
        print("the step ends", flush=True)
        await asyncio.sleep(60)
    except BaseException as error:
        print(type(error).__name__)
        raise

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""


def outcome(why: str, second: str) -> tuple[int, list[str]]:
    """Its exit code, and what it prints."""
    program = [sys.executable, "-c", PROGRAM, why, second]
    ended = subprocess.run(
        program,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.parametrize("why", ["SIGINT", "SIGTERM", "cancelled"])
def test_the_next_ctrl_c_cancels_what_is_under_way_and_is_raised_within_none_of_it(why: str) -> None:
    assert outcome(why, "SIGINT") == (0, ["the step ends", "CancelledError", "interrupted"])


@pytest.mark.parametrize("why", ["SIGINT", "SIGTERM", "cancelled"])
def test_the_next_sigterm_ends_the_process(why: str) -> None:
    code, printed = outcome(why, "SIGTERM")
    assert code == -signal.SIGTERM
    assert "CancelledError" not in printed
