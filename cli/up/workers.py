"""The processes of production on this machine: a KCL worker a stage, started and stopped together, without Docker."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from cli.console import print_line
from processors.hosts.kcl.daemon.die_with_parent import dying_with_parent
from processors.stages import STAGES
from shared.settings import Settings

#: Seconds that the workers have to stop: more than one takes to finish what it has in hand and to give up its shards.
STOP_TIMEOUT = 40.0
#: How the line begins by which a worker says that it is up.
UP = "Worker "


@dataclass(frozen=True, slots=True)
class Worker:
    """How one worker is started: its stage, its command line and its environment."""

    stage: str
    command: Sequence[str]
    environment: Mapping[str, str]


def workers_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[Worker]:
    """A worker for every stage; where METRICS_PORT is set, the first serves there and the others on the ports above."""
    port = settings.metrics_port
    return [
        Worker(
            stage,
            (sys.executable, "-m", "cli", "worker", stage),
            {**environ, "STREAMS": "kinesis", "METRICS_PORT": str(port and port + place)},
        )
        for place, stage in enumerate(STAGES)
    ]


async def in_workers(
    workers: Sequence[Worker], requested: Awaitable[None], up: Callable[[], None], timeout: float = STOP_TIMEOUT
) -> None:
    """Runs the workers until `requested` returns, and calls `up` when all are up.

    What they print goes through to this process's own output; they die with it. Raises ChildProcessError where one
    ends by itself, after the others are stopped, or ends badly, or does not stop within `timeout` seconds. Where it is
    cancelled, they are killed.
    """
    running: list[_Running] = []
    stop = asyncio.ensure_future(requested)
    try:
        for worker in workers:
            running.append(await _Running.start(worker))  # noqa: PERF401 (they are stopped where a next one fails)
        over: set[asyncio.Future[Any]] = {stop, *(one.end for one in running)}
        all_up = asyncio.ensure_future(_all_up(running))
        done, _ = await asyncio.wait({all_up, *over}, return_when=asyncio.FIRST_COMPLETED)
        if all_up in done:
            up()
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        all_up.cancel()
        gone = [one for one in running if one.end.done() and not stop.done()]
    except asyncio.CancelledError:
        # A second Ctrl-C came before the stop that the first one asked for had begun.
        timeout = 0
        raise
    finally:
        stop.cancel()
        late = await _stop(running, timeout)
    _raise_failures(gone, late, running, timeout)


class _Running:
    """A worker's process, and what it says."""

    def __init__(self, stage: str, process: Process) -> None:
        self.stage = stage
        self.up = asyncio.Event()
        self._process = process
        self.end = asyncio.ensure_future(self._follow())

    @classmethod
    async def start(cls, worker: Worker) -> Self:
        # In a process group of its own, Ctrl-C in the terminal is for us alone: we stop it.
        process = await asyncio.create_subprocess_exec(
            *dying_with_parent(list(worker.command)),
            env=worker.environment,
            stdin=DEVNULL,
            stdout=PIPE,
            process_group=0,
        )
        return cls(worker.stage, process)

    def terminate(self) -> None:
        """Asks the worker to stop; it stops what it has started."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """Ends it at once, and what is in its group."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _follow(self) -> int:
        """Passes on what it prints until it ends; returns its exit code."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode(errors="replace")
            print_line(text.rstrip("\n"))
            if text.startswith(UP):
                self.up.set()
        return await self._process.wait()


async def _all_up(running: Sequence[_Running]) -> None:
    for one in running:
        await one.up.wait()


async def _stop(running: Sequence[_Running], timeout: float) -> list[_Running]:
    """Stops all, and returns when they are gone; those that it had to kill."""
    for one in running:
        one.terminate()
    ends = [one.end for one in running]
    late = list(running)
    try:
        if ends:
            await asyncio.wait(ends, timeout=timeout)
        late = [one for one in running if not one.end.done()]
    finally:
        for one in late:
            one.kill()
    await asyncio.gather(*ends)
    return late


def _raise_failures(
    gone: Sequence[_Running], late: Sequence[_Running], running: Sequence[_Running], timeout: float
) -> None:
    """Raises ChildProcessError unless all ended well, because they were asked to."""
    if gone:
        told = ", ".join(f"{one.stage} with {one.end.result()}" for one in gone)
        raise ChildProcessError(f"a worker ended by itself: {told}; what it said before tells why. All are stopped")
    if late:
        names = ", ".join(one.stage for one in late)
        raise ChildProcessError(f"killed what did not stop within {timeout:g} s: {names}; its records come again")
    if failed := [f"{one.stage} with {one.end.result()}" for one in running if one.end.result()]:
        raise ChildProcessError(f"a worker did not stop well: {', '.join(failed)}; what it said before tells why")
