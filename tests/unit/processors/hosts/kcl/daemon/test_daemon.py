"""What runs as one session of processes, with a Python program in the place of Java."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from processors.hosts.kcl.daemon.daemon import Daemon
from processors.hosts.kcl.daemon.die_with_parent import dying_with_parent
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

#: A daemon with a child that only SIGKILL ends, and that ends itself at SIGTERM.
PARENT = """
import signal, subprocess, sys, time
hold = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('child', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", hold])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
time.sleep(600)
"""
#: A child that dies before it could end what it has started, as an engine starts its tools.
SUCCUMBING = """
import os, signal, subprocess, sys
apart = {"process_group": 0, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], **apart).pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

Start = Callable[[str], Awaitable[tuple[Daemon, list[str]]]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a daemon that runs a Python program; returns it and the lines that it writes."""
    started: list[Daemon] = []

    async def begin(program: str) -> tuple[Daemon, list[str]]:
        lines: list[str] = []
        daemon = await Daemon.start([sys.executable, "-c", program], os.environ, lines.append)
        started.append(daemon)
        return daemon, lines

    yield begin
    for daemon in started:
        await daemon.close()


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not happened():  # noqa: ASYNC110 (processes set no event)
            await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_every_line_is_read_from_both_outputs(start: Start) -> None:
    daemon, lines = await start(
        "import os; os.write(1, b'one\\n'); os.write(2, b'two\\n\\xff\\n'); os.write(1, b'rest')"
    )
    assert await daemon.ended() == 0
    await daemon.close()
    assert lines == ["one", "two", "\ufffd", "rest"]


async def test_a_line_without_end_does_not_fill_the_memory(start: Start) -> None:
    daemon, lines = await start("print('x' * 3_000_000); print('after')")
    await daemon.ended()
    await daemon.close()
    assert lines[-1] == "after"
    assert "".join(lines[:-1]) == "x" * 3_000_000
    assert max(map(len, lines)) < 2_500_000


async def test_nothing_of_the_session_outlives_it(start: Start) -> None:
    daemon, lines = await start(PARENT)
    await until(lambda: lines == ["child"])
    (child,) = daemon.children()
    assert daemon.has(child)
    assert not daemon.has(os.getpid())
    daemon.drain()
    assert await daemon.ended() == 7
    assert daemon.children() == {child}
    await daemon.close()
    await until(lambda: gone(child))


async def test_what_a_child_starts_in_a_group_of_its_own_does_not_outlive_it(start: Start) -> None:
    daemon, lines = await start(
        f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {SUCCUMBING!r}]); time.sleep(600)"
    )
    await until(lambda: lines)
    hung = int(lines[0])
    await until(lambda: daemon.children() == {hung})
    assert os.getpgid(hung) == hung
    await daemon.close()
    await until(lambda: gone(hung))


async def test_its_number_is_nobody_elses_before_all_are_gone(start: Start) -> None:
    daemon, _ = await start("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert await daemon.ended() == -signal.SIGTERM
    assert psutil.Process(daemon.pid).status() == psutil.STATUS_ZOMBIE
    await daemon.close()
    assert not psutil.pid_exists(daemon.pid)
    await daemon.close()


async def test_a_close_that_is_cancelled_can_be_had_again(start: Start) -> None:
    daemon, _ = await start("import time; time.sleep(600)")
    closing = asyncio.create_task(daemon.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    await daemon.close()
    assert not psutil.pid_exists(daemon.pid)


async def test_a_child_alone_can_be_killed(start: Start) -> None:
    daemon, lines = await start(PARENT)
    await until(lambda: lines == ["child"])
    (child,) = daemon.children()
    daemon.kill_child(os.getppid())
    daemon.kill_child(child)
    await until(lambda: not daemon.children())


def test_the_daemon_dies_with_the_process_that_started_it() -> None:
    program = (
        "import subprocess, sys, time; from processors.hosts.kcl.daemon.die_with_parent import dying_with_parent;"
        "daemon = subprocess.Popen(dying_with_parent([sys.executable, '-c', 'import time; time.sleep(600)']));"
        "print(daemon.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        daemon = int(parent.stdout.readline())
        deadline = time.monotonic() + TIMEOUT
        while "die_with_parent" in str(psutil.Process(daemon).cmdline()):
            assert time.monotonic() < deadline
        parent.send_signal(signal.SIGKILL)
    while not gone(daemon):
        assert time.monotonic() < deadline


def test_one_whose_parent_is_gone_already_does_not_start(tmp_path: Path) -> None:
    command = dying_with_parent([sys.executable, "-c", f"open({str(tmp_path / 'started')!r}, 'w')"])
    command[command.index(str(os.getpid()))] = "1"
    assert subprocess.run(command, check=False).returncode == 1
    assert not list(tmp_path.iterdir())
