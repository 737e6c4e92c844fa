"""KCL workers as processes of their own, and what can be done to them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.end_to_end.deployment import Deployment, LltProcess
from tests.support.waiting import TIMEOUT, wait_until

STAGES = ("transcribe", "stability", "dedup", "translate", "synthesize")


class Worker:
    """`llt worker STAGE`: the worker, its daemon, and the daemon's children, one a shard."""

    def __init__(self, deployment: Deployment, stage: str) -> None:
        self.stage = stage
        self._deployment = deployment
        self.llt = deployment.llt("worker", stage, "--streams", "kinesis")

    def up(self) -> Worker:
        """Returns once it says that it is up."""
        self.llt.until(lambda worker: worker.stdout.startswith("Worker "))
        return self

    @property
    def daemon(self) -> psutil.Process:
        """The running daemon."""
        (found,) = [one for one in psutil.Process(self.llt.process.pid).children() if one.name() == "java"]
        return found

    @property
    def children(self) -> list[psutil.Process]:
        """The processes that host the stage."""
        return [one for one in self.daemon.children() if one.name().startswith("python")]

    def until_serving(self, shards: int = 1) -> None:
        """Returns once it has a child for so many shards."""
        wait_until(lambda: _running(lambda: len(self.children) >= shards), f"{shards} children of {self.stage}")

    def kill_children(self) -> None:
        """`kill -9` of every child."""
        for child in self.children:
            child.kill()

    def kill_daemon(self) -> None:
        """`kill -9` of the daemon alone."""
        self.daemon.kill()

    def kill_both(self) -> None:
        """`kill -9` of the daemon and its children at once."""
        for process in [self.daemon, *self.children]:
            process.kill()

    def kill_all(self) -> None:
        """`kill -9` of the worker with everything that it started, as when a machine dies."""
        doomed = psutil.Process(self.llt.process.pid)
        for process in [doomed, *doomed.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.llt.process.wait(TIMEOUT)

    def stop_child(self) -> None:
        """SIGSTOP: the child hangs, and nothing tells of it."""
        (child,) = self.children
        os.kill(child.pid, signal.SIGSTOP)

    def terminate(self) -> int:
        """SIGTERM; returns its exit code."""
        self.llt.process.send_signal(signal.SIGTERM)
        return self.llt.ended()


def time_until(happened: Callable[[], bool], what: str) -> float:
    """Waits until it has happened and returns how long that took, in s; fails naming `what`."""
    began = time.monotonic()
    wait_until(happened, what)
    return time.monotonic() - began


def _running(look: Callable[[], bool]) -> bool:
    """What `look` sees; False while the processes come and go."""
    try:
        return look()
    except (psutil.NoSuchProcess, ValueError):
        return False


def waits(listener: LltProcess) -> list[float]:
    """How long, in s, each caption was on its way from the newest audio behind it."""
    return [(caption["received_at"] - caption["captured_at"]) / 1000 for caption in listener.of("caption")]
