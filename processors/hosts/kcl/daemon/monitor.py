"""Watches one run of KCL's daemon: what is heard of it and of its children, and when it has failed."""

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

#: Seconds by which a look may be late.
_STALL = 5.0
#: Seconds between two looks whether children are gone.
_POLL = 0.1


class DaemonMonitor(DaemonEvents):
    """The listener to one run's lines; `begun` is called once the daemon works."""

    def __init__(self, status: WorkerStatus, limits: Timeouts, begun: Callable[[], None]) -> None:
        #: What somebody has to mend before a child can work, in one line, where one said so.
        self.to_mend: str | None = None
        self._status = status
        self._limits = limits
        self._begun = begun
        self._failing = asyncio.Event()
        #: Process ids of children that have not said that they are done, and of those that have and are still there.
        self._undone: set[int] = set()
        self._done: set[int] = set()
        #: Ends the wait for what the daemon may say of children that ended without a word.
        self._forgiving: list[asyncio.TimerHandle] = []
        self._started = time.monotonic()
        self._up_since: float | None = None

    def beat(self, beat: Heartbeat) -> None:
        self._undone.add(beat.pid)
        self._status.beats.add(beat)

    def done(self, pid: int) -> None:
        self._undone.discard(pid)
        self._done.add(pid)
        self._status.beats.forget(pid)

    def setup(self, reason: str) -> None:
        self.to_mend = self.to_mend or reason
        self._failing.set()

    def up(self) -> None:
        self._up_since = time.monotonic()
        self._status.beats.pulse()
        self._begun()

    def alive(self) -> None:
        self._status.beats.pulse()

    def down(self) -> None:
        self._failing.set()

    @property
    def was_well(self) -> bool:
        """Whether it worked long enough for earlier failures to be forgotten."""
        return self._up_since is not None and time.monotonic() - self._up_since >= self._limits.good

    @property
    def drained(self) -> bool:
        """Whether every child has said that it was done: one that died never says so."""
        return not self._undone and not self._failing.is_set()

    async def childless(self, daemon: Daemon) -> None:
        """Returns once every child is gone, and it is known of each whether it was done."""
        # A daemon that shuts down may say nothing any more of a child that had died just before.
        for forgiving in self._forgiving:
            forgiving.cancel()
        while self._see(daemon):  # noqa: ASYNC110 (processes that are not ours set no event)
            await asyncio.sleep(_POLL)
        # Their last words may still be on their way through the daemon. One that died has said none.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.failing):
                await first_of(self._child_gives_up(), self._all_done())

    async def _all_done(self) -> str:
        while self._undone:  # noqa: ASYNC110 (for some tenths of a second)
            await asyncio.sleep(_POLL)
        return "no child failed"

    async def failure(self, daemon: Daemon) -> str:
        """Returns what was wrong once the daemon has ended by itself, or has to be ended."""
        return await first_of(self._end(daemon), self._daemon_hangs(), self._child_fails(daemon))

    async def _end(self, daemon: Daemon) -> str:
        await daemon.ended()
        return "nothing asked it to"

    async def _daemon_hangs(self) -> str:
        while not (wrong := self._wrong_with_daemon()):
            await self._look()
        return wrong

    async def _child_fails(self, daemon: Daemon) -> str:
        wrong = await first_of(self._child_gives_up(), self._child_hangs(daemon))
        # The daemon would wait long for the dead child; the others drain meanwhile.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.failing):
                await daemon.childless()
        return wrong

    async def _child_gives_up(self) -> str:
        await self._failing.wait()
        return "a child failed"

    async def _child_hangs(self, daemon: Daemon) -> str:
        while (hung := self._hung_child(daemon)) is None:
            await self._look()
        pid, wrong = hung
        daemon.kill_child(pid)
        return wrong

    def _wrong_with_daemon(self) -> str:
        """What is wrong with it; empty if nothing is."""
        limits = self._limits
        if self._up_since is None:
            late = time.monotonic() - self._started > limits.start
            return f"the daemon did not work within {limits.start:g} s, and is killed" if late else ""
        hangs = (self._status.beats.daemon_age or 0) > limits.daemon_hang
        return f"the daemon gave no sign of life for {limits.daemon_hang:g} s, and is killed" if hangs else ""

    def _hung_child(self, daemon: Daemon) -> tuple[int, str] | None:
        """A child that does not beat any more, or never did, and what is wrong with it."""
        limits, beats = self._limits, self._status.beats
        beats.see(self._see(daemon))
        for pid, (beat, age) in beats.ages().items():
            if not daemon.has(pid):
                # It lost its lease, or its shard ended; where it failed, the daemon says so.
                beats.forget(pid)
                loop = asyncio.get_running_loop()
                self._forgiving = [one for one in self._forgiving if one.when() > loop.time()]
                self._forgiving.append(loop.call_later(limits.failing, self._undone.discard, pid))
            elif beat is None and age > limits.first_beat:
                return pid, f"a child gave no sign of life within {limits.first_beat:g} s, and is killed"
            elif beat is not None and age > limits.hang:
                return pid, f"the child of {beat.shard or 'no shard yet'} hangs, and is killed"
        return None

    def _see(self, daemon: Daemon) -> set[int]:
        """The children that are at work."""
        there = daemon.own_children()
        # Another may get the number of one that is gone.
        self._done &= there
        self._undone |= there - self._done
        return there - self._done

    async def _look(self) -> None:
        """Waits until it is time for another look."""
        slept_at = time.monotonic()
        await asyncio.sleep(self._limits.look)
        if time.monotonic() - slept_at > self._limits.look + _STALL:
            # This process itself stood still, perhaps with the machine: what was said meanwhile is not read yet.
            self._started = time.monotonic()
            self._status.beats.renew()
