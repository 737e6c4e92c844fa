"""What the daemon and its children write, as records of Python's logging."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import orjson

from processors.hosts.kcl.daemon.heartbeats import Heartbeat

#: How the daemon is told to log: a JSON object a line.
LOGBACK = Path(__file__).with_name("logback.xml")
KCL = logging.getLogger("kcl")
CHILD = logging.getLogger("child")

_OF_SHARD = "software.amazon.kinesis.multilang.MultiLangShardRecordProcessor"
_OF_SCHEDULER = "software.amazon.kinesis.coordinator.Scheduler"
#: It is told of the threads in each round of the scheduler's loop, about once a second, shards or none.
_OF_ROUND = "software.amazon.kinesis.coordinator.DiagnosticEventLogger"
_UP = "Initialization complete."
_DOWN = "Encountered an error"
#: What its loop says in each of its last rounds, since KCL 3.1: nothing is wrong then.
_LAST_ROUNDS = "LeaderDecider uninitialized"
#: Seconds after which a message that the daemon repeats is shown again.
_REPEAT_AFTER = 60.0
#: Frames of a Java exception that are shown.
_FRAMES = 8


class DaemonEvents(Protocol):
    """What is done about the lines that tell how the daemon and its children are."""

    def on_heartbeat(self, heartbeat: Heartbeat) -> None:
        """A child has sent a heartbeat."""

    def on_child_done(self, pid: int) -> None:
        """A child ends, and what it had of a shard is finished, or left to the next owner."""

    def on_setup_error(self, reason: str) -> None:
        """A child cannot work before somebody has fixed the setup; `reason` is a line for the operator."""

    def on_up(self) -> None:
        """The daemon has begun to work."""

    def on_alive(self) -> None:
        """The daemon has begun another round of its work."""

    def on_child_failed(self) -> None:
        """The daemon gives up because of a child."""


class LogLines:
    """Parses the daemon's lines one by one: those that it logs, and those of its children, which it prints.

    What tells how they are goes to `events`. All else is logged: the daemon's own words under the logger `kcl`, a
    child's under the logger that it used, and what is no log under the logger `child`.
    """

    def __init__(self, events: DaemonEvents, time: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._time = time
        #: When each of the daemon's messages, without its arguments, was last shown.
        self._shown: dict[tuple[str, str], float] = {}

    def feed(self, line: str) -> None:
        """Parses a line of the daemon's standard output or standard error, whatever it holds."""
        match _parsed(line):
            case {"loggerName": str(logger), "level": str(level), "message": str(message)} as event:
                self._on_daemon_line(logger, _level(level), message, event.get("arguments"), event.get("throwable"))
            case {"level": str(level), "logger": str(logger), "message": str(message)} as event:
                extra = {name: value for name, value in event.items() if name not in _RESERVED}
                logging.getLogger(logger).log(_level(level), "%s", message, extra=extra)
            case {"done": int(pid)} if pid > 1:
                self._events.on_child_done(pid)
            case {"setup": str(reason)}:
                self._events.on_setup_error(reason)
            case parsed if (heartbeat := Heartbeat.of(parsed)) is not None:
                self._events.on_heartbeat(heartbeat)
            case _ if line.strip():
                CHILD.warning("%s", line)

    def _on_daemon_line(self, logger: str, level: int, template: str, arguments: Any, throwable: Any) -> None:
        message = _formatted(template, arguments)
        if logger == _OF_ROUND and level < logging.WARNING:
            self._events.on_alive()
            return
        if logger == _OF_SCHEDULER:
            # Also where its round failed.
            self._events.on_alive()
            if message.startswith(_UP):
                self._events.on_up()
        if logger == _OF_SHARD and level >= logging.ERROR and message.startswith(_DOWN):
            self._events.on_child_failed()
        extra: dict[str, Any] = {"java": logger.rpartition(".")[2]}
        if isinstance(throwable, dict):
            if throwable.get("message") == _LAST_ROUNDS:
                level = logging.DEBUG
            extra["exception"] = "\n".join(_stack_trace(throwable))
        # In an outage it says the same several times a second, with an exception each.
        KCL.log(level if self._is_new(logger, template) else logging.DEBUG, "%s", message, extra=extra)

    def _is_new(self, logger: str, template: str) -> bool:
        now = self._time()
        shown_at = self._shown.get((logger, template))
        if shown_at is not None and now - shown_at < _REPEAT_AFTER:
            return False
        self._shown[logger, template] = now
        return True


#: What every line has; the rest are extras, of which logging refuses those that it has itself.
_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "level", "logger", "message", "time"}


def _parsed(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _level(name: str) -> int:
    return logging.getLevelNamesMapping().get(name.upper(), logging.DEBUG)


def _formatted(message: str, arguments: Any) -> str:
    """A message of SLF4J with its arguments in place."""
    if not isinstance(arguments, list):
        return message
    head, *tails = message.split("{}")
    for argument, tail in zip(arguments, tails, strict=False):
        head += f"{argument}{tail}"
    return "{}".join([head, *tails[len(arguments) :]])


def _stack_trace(throwable: dict[str, Any]) -> Iterator[str]:
    """An exception of Java, its causes and where each arose."""
    link: Any = throwable
    while isinstance(link, dict):
        yield f"{link.get('className')}: {link.get('message')}"
        frames = link.get("stepArray")
        for frame in frames[:_FRAMES] if isinstance(frames, list) else ():
            if isinstance(frame, dict):
                yield f"  at {frame.get('className')}.{frame.get('methodName')}"
        link = link.get("cause")
