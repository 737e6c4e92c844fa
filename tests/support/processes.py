"""Processes that a test looks after."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

from tests.support.patience import PATIENCE


def running(process: psutil.Process) -> bool:
    """Whether it has not ended yet; it may do so while this looks."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_gone(processes: Iterable[psutil.Process], *, within: float = PATIENCE) -> None:
    """Waits for the end of them all; for one that was waited for already, `within` is 0."""
    deadline = time.monotonic() + within
    left = [process for process in processes if running(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [process for process in left if running(process)]
    assert not left
