"""The heartbeats of the daemon and of its children, a process each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

#: The highest process id that Linux gives.
_LAST_PID = 1 << 22


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a child says of itself every few seconds."""

    pid: int
    #: Empty before KCL has named it.
    shard: str
    #: The sequence number up to which its work is done; None before the first.
    low_water: str | None = None
    #: Whether it reads no further for now, because an output or the store refuses.
    blocked: bool = False
    #: How far it is behind the end of its shard, in ms, where KCL told.
    behind_ms: int | None = None

    @classmethod
    def of(cls, line: Any) -> Self | None:
        """The heartbeat in a line that a child logged; None where it holds none."""
        match line:
            case {"heartbeat": {"pid": int(pid), "shard": str(shard), **others}} if 1 < pid <= _LAST_PID:
                low_water, behind = others.get("low_water"), others.get("behind_ms")
                return cls(
                    pid,
                    shard,
                    low_water if isinstance(low_water, str) else None,
                    bool(others.get("blocked")),
                    behind if isinstance(behind, int) else None,
                )
        return None


class Heartbeats:
    """When each process last showed that it lives, in s."""

    def __init__(self, time: Callable[[], float] = time.monotonic) -> None:
        self._time = time
        self._daemon: float | None = None
        #: By process id: the newest heartbeat, None before the first, and when it came or the process was first seen.
        self._children: dict[int, tuple[Heartbeat | None, float]] = {}

    def record_daemon(self) -> None:
        """The daemon has just shown that it lives."""
        self._daemon = self._time()

    def record(self, heartbeat: Heartbeat) -> None:
        """A child has just sent it."""
        self._children[heartbeat.pid] = heartbeat, self._time()

    def track(self, pids: Iterable[int]) -> None:
        """These children are there, whether they have sent a heartbeat or not."""
        for pid in pids:
            self._children.setdefault(pid, (None, self._time()))

    def forget(self, pid: int) -> None:
        """The child has ended."""
        self._children.pop(pid, None)

    def clear(self) -> None:
        """All have ended."""
        self._daemon = None
        self._children = {}

    def restart_clocks(self) -> None:
        """Counts every age from now on: nobody listened for a while."""
        now = self._time()
        self._daemon = None if self._daemon is None else now
        self._children = {pid: (heartbeat, now) for pid, (heartbeat, _) in self._children.items()}

    @property
    def daemon_age(self) -> float | None:
        """Seconds since the daemon last showed that it lives; None before the first time."""
        at = self._daemon
        return None if at is None else self._time() - at

    def ages(self) -> Mapping[int, tuple[Heartbeat | None, float]]:
        """Every child's newest heartbeat, and how many s ago it came; before it, since when the child is there."""
        now = self._time()
        # Another thread may ask while a heartbeat comes.
        return {pid: (heartbeat, now - at) for pid, (heartbeat, at) in list(self._children.items())}
