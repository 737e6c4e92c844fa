"""`llt up --workers`, with a stand-in for `llt worker`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from cli.up.workers import STOP_TIMEOUT, Worker, in_workers, workers_of
from processors.hosts.kcl.daemon.timeouts import Timeouts
from processors.stages import STAGES
from shared.settings import Settings
from tests.support.processes import until_gone
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]

#: It takes the stage, then: its exit code, the seconds after which it ends by itself, and whether it hears SIGTERM.
STAND_IN = """
import signal, sys
stage, code, seconds, deaf = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "deaf"
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
signal.signal(signal.SIGINT, lambda *_: print(stage, "was interrupted", flush=True))
print("Worker of", stage, "is up", flush=True)
if deaf:
    signal.pause()
if signal.sigtimedwait({signal.SIGTERM}, seconds):
    print(stage, "has drained", flush=True)
    sys.exit(code)
sys.exit(7)
"""
#: `llt up --workers` with the stand-ins that its arguments name, on streams in memory.
LLT = f"""
import json, os, sys
from unittest.mock import patch
from processors.backend import memory
from cli.main import run
from cli.up.workers import Worker
stand_ins = [Worker(one[0], [sys.executable, "-c", {STAND_IN!r}, *one], os.environ) for one in json.loads(sys.argv[1])]
with (
    patch("cli.up.command.Installation.find"),
    patch("cli.up.command.class_data_archive.ensure_archive"),
    patch("cli.up.command.shared_backend", lambda settings, *_: memory(settings)),
    patch("cli.up.command.workers_of", lambda settings: stand_ins),
):
    sys.exit(run(["up", "--workers"]))
"""


def stand_in(stage: str, *, code: int = 0, seconds: float = 600, hears: str = "hears") -> list[str]:
    return [stage, str(code), str(seconds), hears]


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `llt up --workers` in a process group of its own, as a shell does."""
    started = []

    def call(*stand_ins: Sequence[str]) -> subprocess.Popen[str]:
        listed = str([list(one) for one in stand_ins]).replace("'", '"')
        process = subprocess.Popen(
            [sys.executable, "-c", LLT, listed],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], what: str) -> list[str]:
    """What it prints until a line that holds this."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if what in line:
            return lines
    raise AssertionError(lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_when_all_are_up_and_stops_all_when_it_is_asked_to(start: Start, number: signal.Signals) -> None:
    running = start(stand_in("dedup"), stand_in("translate"))
    *before, last = until(running, "are up")
    assert sorted(before) == ["Worker of dedup is up", "Worker of translate is up"]
    assert last == "Five workers are up on audio-transcription-*. Ctrl-C stops them."
    # As a terminal does it: all of the group gets Ctrl-C.
    os.killpg(running.pid, number)
    out, err = running.communicate(timeout=TIMEOUT)
    stopping, *drained, stopped = out.splitlines()
    assert (stopping, stopped) == ("Stopping ...", "Stopped.")
    assert sorted(drained) == ["dedup has drained", "translate has drained"]
    assert (running.returncode, err) == (0, "")


def test_where_one_ends_by_itself_the_others_are_stopped_and_one_line_names_it(start: Start) -> None:
    running = start(stand_in("dedup"), stand_in("translate", seconds=0.1))
    out, err = running.communicate(timeout=TIMEOUT)
    assert "dedup has drained" in out
    assert running.returncode == 1
    assert err.splitlines() == [
        "llt: a worker ended by itself: translate with 7; what it said before tells why. All are stopped"
    ]


def test_one_that_stops_badly_makes_it_fail(start: Start) -> None:
    running = start(stand_in("dedup"), stand_in("translate", code=3))
    until(running, "are up")
    running.terminate()
    _, err = running.communicate(timeout=TIMEOUT)
    assert running.returncode == 1
    assert err.splitlines() == ["llt: a worker did not stop well: translate with 3; what it said before tells why"]


def test_a_second_ctrl_c_ends_it_at_once_and_no_worker_outlives_it(start: Start) -> None:
    running = start(stand_in("dedup", hears="deaf"))
    until(running, "are up")
    found = psutil.Process(running.pid).children()
    running.send_signal(signal.SIGINT)
    until(running, "Stopping")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=TIMEOUT)
    assert running.returncode != 0
    until_gone(found)


def test_no_worker_outlives_it_where_it_is_killed(start: Start) -> None:
    running = start(stand_in("dedup"), stand_in("translate", hears="deaf"))
    until(running, "are up")
    found = psutil.Process(running.pid).children()
    assert len(found) == 2
    running.kill()
    until_gone(found)


async def test_one_that_does_not_stop_is_killed_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    stand_ins = [
        Worker(one[0], [sys.executable, "-c", STAND_IN, *one], os.environ)
        for one in (stand_in("dedup"), stand_in("translate", hears="deaf"))
    ]
    up = asyncio.Event()

    async def asked() -> None:
        await up.wait()

    with pytest.raises(ChildProcessError, match=r"^killed what did not stop within 5 s: translate;"):
        await in_workers(stand_ins, asked(), up.set, timeout=5)
    assert "dedup has drained" in capsys.readouterr().out


async def test_where_it_is_cancelled_nobody_waits_for_one_that_does_not_stop() -> None:
    deaf = stand_in("dedup", hears="deaf")
    up = asyncio.Event()

    async def asked() -> None:
        await asyncio.Event().wait()

    worker = Worker(deaf[0], [sys.executable, "-c", STAND_IN, *deaf], os.environ)
    # Other tests' LocalStack may be one.
    before = psutil.Process().children(recursive=True)
    running = asyncio.create_task(in_workers([worker], asked(), up.set, timeout=10 * TIMEOUT))
    await up.wait()
    found = [child for child in psutil.Process().children(recursive=True) if child not in before]
    running.cancel()
    await asyncio.wait([running], timeout=TIMEOUT)
    assert running.cancelled()
    assert found
    until_gone(found)


def test_each_stage_has_one_worker_and_a_port_of_its_own_where_one_is_wanted() -> None:
    found = workers_of(Settings(metrics_port=9000), {"AWS_REGION": "eu-west-1"})
    assert [one.command[-3:] for one in found] == [("cli", "worker", stage) for stage in STAGES]
    assert [one.stage for one in found] == list(STAGES)
    assert [one.environment["METRICS_PORT"] for one in found] == ["9000", "9001", "9002", "9003", "9004"]
    assert {one.environment["STREAMS"] for one in found} == {"kinesis"}
    assert {one.environment["AWS_REGION"] for one in found} == {"eu-west-1"}
    assert {one.environment["METRICS_PORT"] for one in workers_of(Settings(), {})} == {"0"}


def test_each_has_the_time_that_it_may_take_to_drain() -> None:
    limits = Timeouts()
    assert limits.drain + limits.lease_release < STOP_TIMEOUT
