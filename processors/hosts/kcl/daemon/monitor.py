"""Monitors one run of KCL's daemon: what its lines say of it and of its children, and when it has failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from processors.hosts.kcl.daemon.daemon import Daemon
from processors.hosts.kcl.daemon.heartbeats import Heartbeat
from processors.hosts.kcl.daemon.logs import DaemonEvents
from processors.hosts.kcl.daemon.status import WorkerStatus
from processors.hosts.kcl.daemon.timeouts import Timeouts
from shared.aio import first_of

#: Seconds by which a poll may be late.
_STALL_TOLERANCE = 5.0
#: Seconds between two polls whether children are gone.
_POLL = 0.1


class DaemonMonitor(DaemonEvents):
    """Gets the events of one run's lines; `on_started` is called once the daemon works."""

    def __init__(self, status: WorkerStatus, timeouts: Timeouts, on_started: Callable[[], None]) -> None:
        #: What somebody has to fix before a child can work, in one line, where one said so.
        self.setup_error: str | None = None
        self._status = status
        self._timeouts = timeouts
        self._on_started = on_started
        self._failing = asyncio.Event()
        #: Process ids of children that have not said that they are done, and of those that have and are still there.
        self._unfinished: set[int] = set()
        self._finished: set[int] = set()
        #: Ends the wait for what the daemon may say of children that ended without a word.
        self._grace_timers: list[asyncio.TimerHandle] = []
        self._started = time.monotonic()
        self._up_since: float | None = None

    def on_heartbeat(self, heartbeat: Heartbeat) -> None:
        self._unfinished.add(heartbeat.pid)
        self._status.heartbeats.record(heartbeat)

    def on_child_done(self, pid: int) -> None:
        self._unfinished.discard(pid)
        self._finished.add(pid)
        self._status.heartbeats.forget(pid)

    def on_setup_error(self, reason: str) -> None:
        self.setup_error = self.setup_error or reason
        self._failing.set()

    def on_up(self) -> None:
        self._up_since = time.monotonic()
        self._status.heartbeats.record_daemon()
        self._on_started()

    def on_alive(self) -> None:
        self._status.heartbeats.record_daemon()

    def on_child_failed(self) -> None:
        self._failing.set()

    @property
    def was_stable(self) -> bool:
        """Whether it worked long enough for earlier failures to be forgotten."""
        return self._up_since is not None and time.monotonic() - self._up_since >= self._timeouts.stable_after

    @property
    def drained(self) -> bool:
        """Whether every child has said that it was done: one that died never says so."""
        return not self._unfinished and not self._failing.is_set()

    async def wait_childless(self, daemon: Daemon) -> None:
        """Returns once every child is gone, and it is known of each whether it was done."""
        # A daemon that shuts down may say nothing any more of a child that had died just before.
        for timer in self._grace_timers:
            timer.cancel()
        while self._children_at_work(daemon):  # noqa: ASYNC110 (processes that are not ours set no event)
            await asyncio.sleep(_POLL)
        # That they are done may still be on its way through the daemon. One that died never says so.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeouts.child_failure):
                await first_of(self._failure_told(), self._all_done())

    async def _all_done(self) -> str:
        while self._unfinished:  # noqa: ASYNC110 (for some tenths of a second)
            await asyncio.sleep(_POLL)
        return "no child failed"

    async def failure(self, daemon: Daemon) -> str:
        """Returns what was wrong once the daemon has ended by itself, or has to be ended."""
        return await first_of(self._end(daemon), self._daemon_hangs(), self._child_fails(daemon))

    async def _end(self, daemon: Daemon) -> str:
        await daemon.ended()
        return "nothing asked it to"

    async def _daemon_hangs(self) -> str:
        while not (fault := self._daemon_fault()):
            await self._next_poll()
        return fault

    async def _child_fails(self, daemon: Daemon) -> str:
        fault = await first_of(self._failure_told(), self._child_hangs(daemon))
        # The daemon would wait long for the dead child; the others drain meanwhile.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeouts.child_failure):
                await daemon.wait_childless()
        return fault

    async def _failure_told(self) -> str:
        await self._failing.wait()
        return "a child failed"

    async def _child_hangs(self, daemon: Daemon) -> str:
        while (hung := self._hung_child(daemon)) is None:
            await self._next_poll()
        pid, fault = hung
        daemon.kill_child(pid)
        return fault

    def _daemon_fault(self) -> str:
        """What is wrong with it; empty if nothing is."""
        timeouts = self._timeouts
        if self._up_since is None:
            late = time.monotonic() - self._started > timeouts.start
            return f"the daemon did not work within {timeouts.start:g} s, and is killed" if late else ""
        hangs = (self._status.heartbeats.daemon_age or 0) > timeouts.daemon_hang
        return f"the daemon gave no heartbeat for {timeouts.daemon_hang:g} s, and is killed" if hangs else ""

    def _hung_child(self, daemon: Daemon) -> tuple[int, str] | None:
        """A child without heartbeats, or whose first never came, and what is wrong with it."""
        timeouts, heartbeats = self._timeouts, self._status.heartbeats
        heartbeats.track(self._children_at_work(daemon))
        for pid, (heartbeat, age) in heartbeats.ages().items():
            if not daemon.has(pid):
                # It lost its lease, or its shard ended; where it failed, the daemon says so.
                heartbeats.forget(pid)
                loop = asyncio.get_running_loop()
                self._grace_timers = [one for one in self._grace_timers if one.when() > loop.time()]
                self._grace_timers.append(loop.call_later(timeouts.child_failure, self._unfinished.discard, pid))
            elif heartbeat is None and age > timeouts.first_heartbeat:
                return pid, f"a child gave no heartbeat within {timeouts.first_heartbeat:g} s, and is killed"
            elif heartbeat is not None and age > timeouts.child_hang:
                return pid, f"the child of {heartbeat.shard or 'no shard yet'} hangs, and is killed"
        return None

    def _children_at_work(self, daemon: Daemon) -> set[int]:
        """The children that are at work."""
        there = daemon.own_children()
        # Another may get the number of one that is gone.
        self._finished &= there
        self._unfinished |= there - self._finished
        return there - self._finished

    async def _next_poll(self) -> None:
        """Waits until it is time for another check."""
        slept_at = time.monotonic()
        await asyncio.sleep(self._timeouts.poll)
        if time.monotonic() - slept_at > self._timeouts.poll + _STALL_TOLERANCE:
            # This process itself stood still, perhaps with the machine: what was said meanwhile is not read yet.
            self._started = time.monotonic()
            self._status.heartbeats.restart_clocks()
