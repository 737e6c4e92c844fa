"""When a run of the daemon counts as failed, with a Python program in the place of Java."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from processors.hosts.kcl.daemon.daemon import Daemon
from processors.hosts.kcl.daemon.logs import LogLines
from processors.hosts.kcl.daemon.monitor import DaemonMonitor
from processors.hosts.kcl.daemon.status import WorkerStatus
from processors.hosts.kcl.daemon.timeouts import Timeouts
from shared.aio import first_of
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

#: Seconds that a process which is well may have for a heartbeat, on a slow machine too.
WELL = 4
SHARD = "shardId-000000000000"
SCHEDULER = "software.amazon.kinesis.coordinator.Scheduler"
ROUND = "software.amazon.kinesis.coordinator.DiagnosticEventLogger"
PRELUDE = "import os; exec(os.environ['TOOLS'])\n"
#: What every program may use: to say a line, to be up, to live, and to start a child that runs a program.
TOOLS = f"""
import json, os, subprocess, sys, time
def say(**line): os.write(1, (json.dumps(line) + "\\n").encode())
def up(): say(loggerName={SCHEDULER!r}, level="INFO", message="Initialization complete. Starting worker loop.")
def live(seconds):
    for _ in range(int(seconds * 20)):
        say(loggerName={ROUND!r}, level="DEBUG", message="Current thread pool executor state")
        time.sleep(0.05)
def done(): say(done=os.getpid())
def beat(shard): say(heartbeat=dict(pid=os.getpid(), shard=shard))
def child(program): return subprocess.Popen([sys.executable, "-c", {PRELUDE!r} + program])
"""


@dataclass
class Run:
    """One that is watched."""

    daemon: Daemon
    monitor: DaemonMonitor
    status: WorkerStatus

    async def failed(self) -> str:
        async with asyncio.timeout(TIMEOUT):
            return await self.monitor.failure(self.daemon)

    async def lasts(self, seconds: float, since: Callable[[], bool] = lambda: True) -> bool:
        """Whether nothing is wrong with it for so long after something was so, nor before."""

        async def over() -> None:
            while not since():  # noqa: ASYNC110 (processes set no event)
                await asyncio.sleep(0.02)
            await asyncio.sleep(seconds)

        return await first_of(self.monitor.failure(self.daemon), over()) is None

    def children_have_ended(self) -> bool:
        """Where a program says that it is up after they have."""
        return self.status.heartbeats.daemon_age is not None and not self.status.heartbeats.ages()


Start = Callable[..., Awaitable[Run]]


async def until_beat(run: Run) -> None:
    """Waits until the daemon and a child have shown that they live."""
    async with asyncio.timeout(TIMEOUT):
        while not run.status.heartbeats.ages() or run.status.heartbeats.daemon_age is None:  # noqa: ASYNC110 (processes set no event)
            await asyncio.sleep(0.02)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a daemon that runs a Python program."""
    started: list[Daemon] = []

    async def begin(program: str, **limits: float) -> Run:
        status = WorkerStatus("talks-dedup", "dedup", "host-1")
        given = {"poll": 0.05, "child_failure": 0.2, **limits}
        monitor = DaemonMonitor(status, Timeouts(**given), lambda: None)
        command = [sys.executable, "-c", PRELUDE + program]
        daemon = await Daemon.start(command, {**os.environ, "TOOLS": TOOLS}, LogLines(monitor).feed)
        started.append(daemon)
        return Run(daemon, monitor, status)

    yield begin
    for daemon in started:
        await daemon.close()


async def test_one_that_ends_by_itself_has_failed(start: Start) -> None:
    run = await start("up(); sys.exit(3)")
    assert await run.failed() == "nothing asked it to"


async def test_one_that_lives_with_children_that_give_heartbeats_is_well(start: Start) -> None:
    run = await start(
        "up(); child('while True: beat(\"s\"); time.sleep(0.1)'); live(60)",
        daemon_hang=WELL,
        child_hang=WELL,
        first_heartbeat=WELL,
        start=TIMEOUT,
    )
    assert await run.lasts(WELL + 1, since=lambda: bool(run.status.heartbeats.ages()))


async def test_one_that_never_comes_up_has_failed(start: Start) -> None:
    run = await start("live(60)", start=0.5)
    assert await run.failed() == "the daemon did not work within 0.5 s, and is killed"


async def test_one_that_stands_still_without_children_has_failed(start: Start) -> None:
    run = await start("up(); live(0.5); time.sleep(600)", daemon_hang=1)
    assert await run.failed() == "the daemon gave no heartbeat for 1 s, and is killed"


async def test_a_child_that_never_gives_a_heartbeat_is_killed(start: Start) -> None:
    run = await start("up(); child('time.sleep(600)'); live(60)", first_heartbeat=0.5)
    assert await run.failed() == "a child gave no heartbeat within 0.5 s, and is killed"
    assert not run.daemon.children()


async def test_what_a_child_starts_need_give_no_heartbeat(start: Start) -> None:
    program = "child('time.sleep(600)')\nwhile True: beat('s'); time.sleep(0.1)"
    run = await start(f"up(); child({program!r}); live(60)", first_heartbeat=WELL)
    assert await run.lasts(WELL + 1, since=lambda: bool(run.status.heartbeats.ages()))


async def test_a_child_whose_heartbeats_stop_is_killed(start: Start) -> None:
    run = await start('up(); child(\'beat(""); beat("s1"); time.sleep(600)\'); live(60)', child_hang=0.5)
    assert await run.failed() == "the child of s1 hangs, and is killed"
    assert not run.daemon.children()


async def test_a_child_whose_first_heartbeats_name_no_shard_is_well(start: Start) -> None:
    run = await start('up(); child(\'beat("")\\nwhile True: beat("s1"); time.sleep(0.1)\'); live(60)', child_hang=WELL)
    assert await run.lasts(WELL + 1)


async def test_a_child_that_ended_is_forgotten(start: Start) -> None:
    run = await start("child('beat(\"s1\")').wait(); up(); live(60)", child_hang=WELL, first_heartbeat=WELL)
    assert await run.lasts(WELL + 1, since=run.children_have_ended)
    assert run.status.heartbeats.ages() == {}


async def test_a_setup_that_no_child_can_work_with_ends_the_run_and_is_kept(start: Start) -> None:
    run = await start('up(); child(\'say(setup="no file"); say(setup="nor this")\'); live(60)')
    assert await run.failed() == "a child failed"
    await run.daemon.close()
    assert run.monitor.setup_error == "no file"


#: A daemon that lets its child end when it is asked to shut down, and lives on for a while.
SHUTTING_DOWN = """
import signal
up()
one = child({program!r})
asked = lambda *_: one.terminate()
signal.signal(signal.SIGTERM, asked)
live(60)
"""
#: Children by what they do once they are told to end.
DONE = "import signal; signal.signal(signal.SIGTERM, lambda *_: (done(), sys.exit())); beat('s'); time.sleep(600)"
BAD_END = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)); beat('s'); time.sleep(600)"


async def drained(run: Run) -> bool:
    run.daemon.drain()
    async with asyncio.timeout(TIMEOUT):
        await run.monitor.wait_childless(run.daemon)
    await run.daemon.close()
    return run.monitor.drained


@pytest.mark.parametrize(("program", "well"), [(DONE, True), (BAD_END, False)])
async def test_a_child_is_drained_once_it_has_said_so(start: Start, program: str, well: bool) -> None:
    run = await start(SHUTTING_DOWN.format(program=program))
    await until_beat(run)
    assert await drained(run) is well


async def test_a_child_that_died_unseen_just_before_has_not_drained(start: Start) -> None:
    run = await start("up(); one = child('beat(\"s\"); time.sleep(600)'); live(60)")
    await until_beat(run)
    run.daemon.kill_child(*run.status.heartbeats.ages())
    assert not await drained(run)


async def test_a_child_that_died_and_was_seen_just_before_has_not_drained(start: Start) -> None:
    run = await start("child('beat(\"s\")').wait(); up(); live(60)", child_failure=3)
    assert await run.lasts(0, since=run.children_have_ended)
    assert not await drained(run)


async def test_no_child_at_all_is_a_drain(start: Start) -> None:
    run = await start("up(); live(60)")
    assert await drained(run)


async def test_a_failure_that_the_daemon_told_of_is_no_drain(start: Start) -> None:
    shard = "software.amazon.kinesis.multilang.MultiLangShardRecordProcessor"
    run = await start(f"up(); say(loggerName={shard!r}, level='ERROR', message='Encountered an error while'); live(60)")
    assert await run.failed() == "a child failed"
    assert not await drained(run)


async def test_a_child_that_ended_long_ago_is_no_matter_of_the_drain(start: Start) -> None:
    run = await start("child('beat(\"s1\"); done()').wait(); child('beat(\"s2\")').wait(); up(); live(60)")
    assert await run.lasts(1, since=run.children_have_ended)
    assert await drained(run)


async def test_after_this_process_stood_still_all_have_their_time_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.hosts.kcl.daemon.monitor._STALL_TOLERANCE", 0.5)
    run = await start(
        "up(); child('while True: beat(\"s\"); time.sleep(0.5)'); live(60)", child_hang=WELL, daemon_hang=WELL
    )
    lasting = asyncio.create_task(run.lasts(2 * WELL + 2))
    await until_beat(run)
    # As where the machine sleeps: the others stand still too.
    family = (run.daemon.pid, *run.daemon.children())
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(WELL + 1)  # noqa: ASYNC251 (that is what it is about)
    for pid in family:
        os.kill(pid, signal.SIGCONT)
    assert await lasting


async def test_the_first_to_end_says_what_is_returned() -> None:
    ended = []

    async def after(seconds: float) -> float:
        try:
            await asyncio.sleep(seconds)
        finally:
            ended.append(seconds)
        return seconds

    assert await first_of(after(60), after(0.01)) == 0.01
    assert ended == [0.01, 60]
