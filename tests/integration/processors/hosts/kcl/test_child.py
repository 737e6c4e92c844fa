"""The child of KCL's daemon as a process of its own, which the test speaks the MultiLang protocol with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.processors.hosts.kcl.child_process import ROOT, ChildProcess
from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.kcl]


@pytest.fixture
def child(tmp_path: Path) -> Iterator[ChildProcess]:
    started = ChildProcess(tmp_path)
    started.begin()
    yield started
    started.close()


def test_what_is_printed_never_reaches_the_protocol(child: ChildProcess) -> None:
    assert child.bring("one") == "processRecords"
    child.bring_nothing(until="1")
    assert child.ended() == 0
    assert "took one" in child.errors
    assert "and C code may print too" in child.errors
    assert "gave its engine up" in child.errors


def test_only_what_is_acked_is_checkpointed(child: ChildProcess) -> None:
    assert child.bring("one", "keep", "three") == "processRecords"
    child.bring_nothing(until="1")
    assert child.say("shutdownRequested") == "shutdownRequested"
    assert child.say("leaseLost") == "leaseLost"
    assert child.checkpoints == ["1"]
    assert child.ended() == 0
    assert "closed: Closing.SHUTDOWN" in child.errors


def test_what_is_acked_last_is_checkpointed_at_the_shutdown(child: ChildProcess) -> None:
    assert child.bring("one", "two", "three") == "processRecords"
    assert child.say("shutdownRequested") == "shutdownRequested"
    assert child.checkpoints[-1] == "3"
    assert child.bring("four") == "processRecords"
    assert child.ended() == 0
    assert "took four" not in child.errors


def test_the_end_of_a_shard_is_checkpointed_without_a_number(child: ChildProcess) -> None:
    assert child.bring("one") == "processRecords"
    assert child.say("shardEnded") == "shardEnded"
    assert child.checkpoints[-1] is None
    assert child.ended() == 0
    assert "closed: Closing.SHARD_END" in child.errors


def test_an_end_that_another_owns_inputs_of_is_never_written(child: ChildProcess) -> None:
    assert child.bring("keep") == "processRecords"
    assert child.say("shardEnded") is None
    assert child.process.wait(TIMEOUT) == 1
    assert child.checkpoints == []


def test_a_throttled_checkpoint_is_tried_again(child: ChildProcess) -> None:
    child.refusals = ["ThrottlingException", "KinesisClientLibDependencyException"]
    assert child.bring("one") == "processRecords"
    child.bring_nothing(until="1")
    child.refusals = ["ThrottlingException"] * 3
    assert child.say("shardEnded") == "shardEnded"
    assert child.checkpoints == ["1", None]


def test_its_last_word_is_that_nothing_is_left_to_be_done(child: ChildProcess) -> None:
    assert child.bring("one", "keep") == "processRecords"
    assert child.say("shutdownRequested") == "shutdownRequested"
    assert child.say("leaseLost") == "leaseLost"
    assert child.ended() == 0
    assert json.loads(child.errors[-1]) == {"done": child.process.pid}


def test_it_has_no_such_word_where_the_daemon_leaves_it_with_the_shard(child: ChildProcess) -> None:
    assert child.bring("one", "keep") == "processRecords"
    assert child.ended() == 0
    assert not any(line.startswith('{"done"') for line in child.errors)


def test_a_last_checkpoint_that_is_throttled_to_the_end_ends_it_badly(child: ChildProcess) -> None:
    child.refusals = ["ThrottlingException"] * 50
    assert child.bring("one") == "processRecords"
    assert child.say("shutdownRequested") == "shutdownRequested"
    assert child.say("leaseLost") == "leaseLost"
    assert child.ended() == 1
    assert child.checkpoints == []
    (why,) = [line for line in child.errors if "was not drained" in line]
    assert "expected the last checkpoint before the shutdown to be taken, got throttled" in why
    assert "gave its engine up" in child.errors
    assert not any(line.startswith('{"done"') for line in child.errors)


def test_once_the_lease_is_lost_nothing_is_checkpointed(child: ChildProcess) -> None:
    child.refusals = ["ShutdownException"]
    assert child.bring("one") == "processRecords"
    for _ in range(5):
        assert child.bring("two") == "processRecords"
    assert child.say("leaseLost") == "leaseLost"
    assert child.ended() == 0
    assert child.checkpoints == []


@pytest.mark.parametrize("reason", ["InvalidStateException", "IllegalArgumentException"])
def test_a_checkpoint_that_can_never_be_taken_ends_the_process(child: ChildProcess, reason: str) -> None:
    child.refusals = [reason]
    child.bring("one")
    while child.process.poll() is None and child.bring_raw([]) is not None:
        pass
    assert child.process.wait(TIMEOUT) == 1
    assert any(f"expected a checkpoint to be taken, got {reason}" in line for line in child.errors)


def test_a_record_that_makes_a_stage_raise_or_is_none_harms_no_other(child: ChildProcess) -> None:
    assert child.bring("raise", "two") == "processRecords"
    assert child.bring_raw([b"no record"]) == "processRecords"
    child.bring_nothing(until="3")
    assert child.ended() == 0
    assert "took two" in child.errors
    assert not any("cannot stand this one" in line for line in child.errors if "exception" in line)


def test_a_fault_of_the_host_ends_the_process_with_nothing_checkpointed(tmp_path: Path) -> None:
    started = ChildProcess(tmp_path, "--faulty")
    try:
        started.begin()
        started.bring("raise")
        while started.process.poll() is None and started.bring_raw([]) is not None:
            pass
        assert started.process.wait(TIMEOUT) == 1
        assert started.checkpoints == []
    finally:
        started.close()


def test_a_loop_that_stands_still_ends_the_process_and_shows_where(child: ChildProcess) -> None:
    assert child.bring("one", "stand still") is None or child.bring_raw([]) is None
    assert child.process.wait(TIMEOUT) == 1
    assert any("the event loop stood still for 1 s" in line for line in child.errors)
    assert any("scripted_child.py" in line and "in process" in line for line in child.errors)


def test_it_says_that_it_lives_and_how_far_it_has_come(child: ChildProcess) -> None:
    assert child.bring("one", "keep") == "processRecords"
    child.bring_nothing(until="1")
    seen = len(child.heartbeats)
    while len(child.heartbeats) < seen + 2:
        assert child.bring_raw([]) == "processRecords"
    assert child.heartbeats[-1] == {
        "pid": child.process.pid,
        "shard": "shard-1",
        "low_water": "1",
        "blocked": False,
        "behind_ms": 700,
    }


def test_a_host_that_cannot_be_made_ends_the_process(tmp_path: Path) -> None:
    started = ChildProcess(tmp_path, "--unready")
    try:
        assert started.process.wait(TIMEOUT) == 1
    finally:
        started.close()


#: A daemon that dies: it brings its child records that wait for a refusing stream, and names the child.
DAEMON = """
import sys, time
from pathlib import Path
from tests.integration.processors.hosts.kcl.child_process import ChildProcess
child = ChildProcess(Path(sys.argv[1]), "--refusing")
child.begin()
child.bring("raise")
print(child.process.pid, flush=True)
while True:
    child.bring("one", "two")
"""


def test_a_child_that_waits_for_a_refusing_stream_ends_with_its_daemon(tmp_path: Path) -> None:
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON, tmp_path],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert daemon.stdout
    with daemon.stdout:
        child = int(daemon.stdout.readline())
    time.sleep(0.5)
    os.kill(child, 0)
    daemon.kill()
    daemon.wait(TIMEOUT)
    deadline = time.monotonic() + TIMEOUT
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(child, 0)
            time.sleep(0.05)
        os.kill(child, signal.SIGKILL)
        pytest.fail("the child outlived its daemon")
    assert "the daemon is gone" in (tmp_path / "errors").read_text()
