"""Processes that a test looks after."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from tests.support.waiting import wait_until


def running(process: psutil.Process) -> bool:
    """Whether it has not ended yet; it may do so while this looks."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_gone(processes: Iterable[psutil.Process]) -> None:
    """They have all ended by now."""
    assert not [process for process in processes if running(process)]


def until_gone(processes: Iterable[psutil.Process]) -> None:
    """Waits for the end of them all."""
    listed = list(processes)
    wait_until(lambda: not any(map(running, listed)), f"the end of {listed}")
