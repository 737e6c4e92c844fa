"""The process that KCL's daemon starts for a shard: it hosts the stages and speaks the MultiLang protocol."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TextIO

import orjson
from amazon_kclpy.kcl import KCLProcess

from processors.hosts.kcl.loop_thread import LoopThread
from processors.hosts.kcl.record_processor import RecordProcessor
from processors.hosts.kcl.shard_host import ShardHost
from processors.hosts.kcl.watchdog import INTERVAL, LOG_TIMEOUT, STALL_TIMEOUT, Watchdog
from shared.errors import DependencyMissing, LowLatencyTranslateError, ScriptError, SettingError, SetupError

log = logging.getLogger(__name__)

#: What another process would run into as well: the worker ends, and says so.
_OF_THE_SETUP = (SetupError, SettingError, DependencyMissing, ScriptError)


def private_stdout() -> TextIO:
    """Standard output for the protocol alone: whatever else is printed, by C code too, goes to standard error."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol


def run(
    build: Callable[[], Coroutine[Any, Any, ShardHost]],
    protocol: TextIO,
    *,
    interval: float = INTERVAL,
    stall_timeout: float = STALL_TIMEOUT,
) -> None:
    """Serves the daemon at the other end of standard input and `protocol` until it closes them.

    `build` makes the host, on the event loop. Whatever fails ends the process at once, with code 1; so does an event
    loop that stands still for `stall_timeout` s, and a drain that was cut short, once KCL is done with the shard. A
    heartbeat goes to standard error every `interval` s, and in the end `done` where nothing is left to be done.
    """
    thread = LoopThread()
    child = _Child()
    for handler in logging.getLogger().handlers:
        handler.addFilter(child.name_shard)
    watchdog = Watchdog(thread.loop, child.fault, child.heartbeat, _die, interval=interval, stall_timeout=stall_timeout)
    watchdog.start()
    try:
        host = child.host = thread.call(build())
    except Exception as error:
        _crash(error)
    thread.loop.call_soon_threadsafe(child.guard)
    child.processor = RecordProcessor(host, thread, _crash)
    KCLProcess(child.processor, input_file=sys.stdin, output_file=protocol).run()
    thread.call(host.close())
    watchdog.close()
    thread.close()
    if child.processor.cut_short is not None:
        sys.exit(1)
    if child.processor.done:
        _write_line(done=os.getpid())


class _Child:
    """What this process says of itself while it is made and while it works."""

    def __init__(self) -> None:
        self.host: ShardHost | None = None
        self.processor: RecordProcessor | None = None
        self._guard: asyncio.Task[None] | None = None

    def fault(self) -> str | None:
        """What only a restart can fix; on the loop."""
        return self.host.fault() if self.host else None

    def guard(self) -> None:
        """A fault of the host itself ends the process; on the loop."""
        assert self.host is not None
        self._guard = asyncio.ensure_future(_crash_with(self.host))

    def heartbeat(self) -> None:
        """Writes a heartbeat, for the supervisor."""
        host, processor = self.host, self.processor
        low_water = host.low_water if host else None
        _write_line(
            heartbeat={
                "pid": os.getpid(),
                "shard": host.shard if host else "",
                "low_water": None if low_water is None else str(low_water),
                "blocked": host.blocked if host else False,
                "behind_ms": processor.behind_ms if processor else None,
            }
        )

    def name_shard(self, record: logging.LogRecord) -> bool:
        """Every line of the log says which shard's process wrote it."""
        record.shard = self.host.shard if self.host else ""
        return True


async def _crash_with(host: ShardHost) -> None:
    try:
        await host.ended()
    except Exception as error:
        if isinstance(error, _OF_THE_SETUP):
            # No record that is in hand has to do with it.
            await host.kill()
        _crash(error)


def _crash(error: BaseException) -> NoReturn:
    """Ends the process at once; KCL brings what was not checkpointed to the next one."""
    # Only errors of our own say nothing of what was spoken.
    reason = str(error) if isinstance(error, LowLatencyTranslateError) else type(error).__name__
    log.critical("this process ends: %s", reason, exc_info=error)
    if isinstance(error, _OF_THE_SETUP):
        _write_line(setup=reason)
    sys.stderr.flush()
    os._exit(1)


def _die(fault: str) -> None:
    """Ends a process that does not answer any more, showing where its threads are."""
    # A log that accepts no more lines shall not keep it alive.
    faulthandler.dump_traceback_later(LOG_TIMEOUT, exit=True)
    log.critical("this process ends: %s", fault)
    faulthandler.dump_traceback()
    os._exit(1)


def _write_line(**line: object) -> None:
    sys.stderr.write(orjson.dumps(line).decode() + "\n")
