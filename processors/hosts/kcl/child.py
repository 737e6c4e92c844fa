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
from processors.hosts.kcl.watchdog import EVERY, LAST_LINES, LIMIT, Watchdog
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
    build: Callable[[], Coroutine[Any, Any, ShardHost]], protocol: TextIO, *, every: float = EVERY, limit: float = LIMIT
) -> None:
    """Serves the daemon at the other end of standard input and `protocol` until it closes them.

    `build` makes the host, on the event loop. Whatever fails ends the process at once, with code 1; so does an event
    loop that stands still for `limit` s, and a drain that was cut short, once KCL is done with the shard. A sign of
    life goes to standard error every `every` s, and a last word where nothing is left to be done.
    """
    thread = LoopThread()
    child = _Child()
    for handler in logging.getLogger().handlers:
        handler.addFilter(child.name_shard)
    watchdog = Watchdog(thread.loop, child.wrong, child.beat, _die, every=every, limit=limit)
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
        _tell(done=os.getpid())


class _Child:
    """What this process says of itself while it is made and while it works."""

    def __init__(self) -> None:
        self.host: ShardHost | None = None
        self.processor: RecordProcessor | None = None
        self._guard: asyncio.Task[None] | None = None

    def wrong(self) -> str | None:
        """What only a new process can mend; on the loop."""
        return self.host.wrong() if self.host else None

    def guard(self) -> None:
        """A fault of the host itself ends the process; on the loop."""
        assert self.host is not None
        self._guard = asyncio.ensure_future(_crash_with(self.host))

    def beat(self) -> None:
        """A sign of life, for the supervisor."""
        host, processor = self.host, self.processor
        released = host.low_water if host else None
        _tell(
            beat={
                "pid": os.getpid(),
                "shard": host.shard if host else "",
                "released": None if released is None else str(released),
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
    """Ends the process where it stands; KCL brings what was not checkpointed to the next one."""
    # Only errors of our own say nothing of what was spoken.
    reason = str(error) if isinstance(error, LowLatencyTranslateError) else type(error).__name__
    log.critical("this process ends: %s", reason, exc_info=error)
    if isinstance(error, _OF_THE_SETUP):
        _tell(setup=reason)
    sys.stderr.flush()
    os._exit(1)


def _die(wrong: str) -> None:
    """Ends a process that does not answer any more, showing where its threads are."""
    # A log that takes no more lines shall not keep it alive.
    faulthandler.dump_traceback_later(LAST_LINES, exit=True)
    log.critical("this process ends: %s", wrong)
    faulthandler.dump_traceback()
    os._exit(1)


def _tell(**line: object) -> None:
    sys.stderr.write(orjson.dumps(line).decode() + "\n")
