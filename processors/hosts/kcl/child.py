"""The process that KCL's daemon starts for a shard: it hosts the stages and speaks the MultiLang protocol."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NoReturn, TextIO

import orjson
from amazon_kclpy.kcl import KCLProcess

from processors.hosts.kcl.loop_thread import LoopThread
from processors.hosts.kcl.record_processor import RecordProcessor
from processors.hosts.kcl.shard_host import ShardHost
from processors.hosts.kcl.watchdog import EVERY, LIMIT, Watchdog
from shared.errors import LowLatencyTranslateError

log = logging.getLogger(__name__)


def private_stdout() -> TextIO:
    """Standard output for the protocol alone: whatever else is printed, by C code too, goes to standard error."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol


def run(
    build: Callable[[], Awaitable[ShardHost]], protocol: TextIO, *, every: float = EVERY, limit: float = LIMIT
) -> None:
    """Serves the daemon at the other end of standard input and `protocol` until it closes them.

    `build` makes the host, on the event loop. Whatever fails ends the process at once, with code 1; so does an event
    loop that stands still for `limit` s. A sign of life goes to standard error every `every` s.
    """
    thread = LoopThread()
    host = thread.call(_built(build, thread))
    processor = RecordProcessor(host, thread, _crash)
    for handler in logging.getLogger().handlers:
        handler.addFilter(partial(_name_shard, host))

    def beat() -> None:
        line = {
            "pid": os.getpid(),
            "shard": host.shard,
            "released": None if host.low_water is None else str(host.low_water),
            "blocked": host.blocked,
            "behind_ms": processor.behind_ms,
        }
        sys.stderr.write(orjson.dumps({"beat": line}).decode() + "\n")

    watchdog = Watchdog(thread.loop, lambda: not host.hung, beat, _die, every=every, limit=limit)
    watchdog.start()
    KCLProcess(processor, input_file=sys.stdin, output_file=protocol).run()
    watchdog.close()
    thread.call(host.close())
    thread.close()


async def _built(build: Callable[[], Awaitable[ShardHost]], thread: LoopThread) -> ShardHost:
    host = await build()
    thread.loop.create_task(_crash_with(host))
    return host


async def _crash_with(host: ShardHost) -> None:
    try:
        await host.ended()
    except Exception as error:
        _crash(error)


def _name_shard(host: ShardHost, record: logging.LogRecord) -> bool:
    """Every line says which shard's process wrote it."""
    record.shard = host.shard
    return True


def _crash(error: BaseException) -> NoReturn:
    """Ends the process where it stands; KCL brings what was not checkpointed to the next one."""
    # Only errors of our own say nothing of what was spoken.
    reason = str(error) if isinstance(error, LowLatencyTranslateError) else type(error).__name__
    log.critical("this process ends: %s", reason, exc_info=error)
    sys.stderr.flush()
    os._exit(1)


def _die(wrong: str) -> None:
    """Ends a process that does not answer any more, showing where its threads are."""
    log.critical("this process ends: %s", wrong)
    faulthandler.dump_traceback()
    os._exit(1)
