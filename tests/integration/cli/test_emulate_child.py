"""Ctrl-C in a terminal, while a command runs on the emulators."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
#: Runs its arguments in a terminal, at which what it reads is typed.
TERMINAL = "import pty, sys; pty.spawn(sys.argv[1:])"
RUN = "import asyncio, os, sys; from cli.emulate.child import run; asyncio.run(run(sys.argv[1:], os.environ))"
#: Leaves the terminal, so that no SIGINT comes but those that are passed on, and says how many came for the one that
#: a process which stays in the foreground has had.
COUNT = """
import os, signal, time
signal.alarm(20)
came = []
signal.signal(signal.SIGINT, lambda number, _: came.append(number))
typed, had = os.pipe()
if os.fork() == 0:
    signal.alarm(20)
    while not came:
        time.sleep(0.01)
    os.write(had, b"1")
    os._exit(0)
os.setsid()
# By then the parent, too, has its handlers.
time.sleep(1)
print("ready", flush=True)
os.read(typed, 1)
time.sleep(1)
print(f"passed on: {len(came)}")
"""


@pytest.mark.parametrize("redirection", ["", "</dev/null"])
def test_ctrl_c_which_the_terminal_sends_the_command_is_not_passed_on_too(redirection: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    arguments = [*shell, sys.executable, "-c", RUN, sys.executable, "-c", COUNT]
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as terminal:
        assert terminal.stdin is not None
        assert terminal.stdout is not None
        assert terminal.stdout.readline().strip() == b"ready"
        out, _ = terminal.communicate(b"\x03", timeout=TIMEOUT)
    assert b"passed on: 0" in out
