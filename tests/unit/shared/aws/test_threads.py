"""The threads that AWS is called on: many calls at once, and none that keeps a process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from threading import Barrier, Event

import pytest

from shared.aws import threads as module
from shared.aws.threads import DaemonThreadPool
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system


def test_so_many_calls_run_at_once_and_the_rest_after_them() -> None:
    threads = DaemonThreadPool(3, "calls")
    together = Barrier(3)
    calls = [threads.submit(together.wait, 10) for _ in range(9)]
    assert sorted(call.result(10) for call in calls) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_what_a_call_raises_is_told_and_the_thread_goes_on() -> None:
    threads = DaemonThreadPool(1, "calls")
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 // 0).result(10)
    assert threads.submit(int, "7", base=8).result(10) == 7


def test_a_call_that_is_given_up_before_its_turn_is_not_made() -> None:
    threads = DaemonThreadPool(1, "calls")
    go, made = Event(), Event()
    first = threads.submit(go.wait, 10)
    second = threads.submit(made.set)
    assert second.cancel()
    go.set()
    assert first.result(10)
    assert threads.submit(made.is_set).result(10) is False


def test_threads_end_when_they_have_nothing_to_do_and_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE", 0.05)
    threads = DaemonThreadPool(4, "passing")
    for _ in range(2):
        together = Barrier(4)
        calls: list[Future[int]] = [threads.submit(together.wait, 10) for _ in range(4)]
        assert sorted(call.result(10) for call in calls) == [0, 1, 2, 3]
        for _ in range(200):
            if not [thread for thread in threading.enumerate() if thread.name == "passing"]:
                break
            time.sleep(0.05)
        else:
            pytest.fail("threads without work are still there")


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    program = """
import time
from shared.aws.threads import DaemonThreadPool
DaemonThreadPool(1, "calls").submit(time.sleep, 3600)
print("done")
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=TIMEOUT, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("done\n", "")


def test_a_forked_child_is_told_and_its_parent_goes_on() -> None:
    program = """
import os
from shared.aws.threads import DaemonThreadPool
threads = DaemonThreadPool(1, "kinesis")
threads.submit(int).result()
if not os.fork():
    threads.submit(int).result()
os.wait()
print(threads.submit(int, "7").result())
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=TIMEOUT, capture_output=True, text=True, check=True)
    assert ended.stdout == "7\n"
    assert "shared.errors.ForkedProcess: calls of kinesis: expected process" in ended.stderr
    assert "make Aws, streams and stores in the process that uses them" in ended.stderr


def test_who_has_called_nothing_before_a_fork_may_call_in_the_child() -> None:
    program = """
import os
from shared.aws.threads import DaemonThreadPool
threads = DaemonThreadPool(1, "kinesis")
if not os.fork():
    os._exit(threads.submit(int, "7").result())
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=TIMEOUT, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("7\n", "")
