"""What the daemon and its children write, as records of Python's logging."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from processors.hosts.kcl.daemon.beats import Beat

#: How the daemon is told to log: a JSON object a line.
LOGBACK = Path(__file__).with_name("logback.xml")
KCL = logging.getLogger("kcl")
CHILD = logging.getLogger("child")

_OF_SHARD = "software.amazon.kinesis.multilang.MultiLangShardRecordProcessor"
_OF_SCHEDULER = "software.amazon.kinesis.coordinator.Scheduler"
_UP = "Initialization complete."
_DOWN = "Encountered an error"
#: What its loop says in each of its last rounds, since KCL 3.1: nothing is wrong then.
_LAST_ROUNDS = "LeaderDecider uninitialized"
#: Frames of a Java exception that are shown.
_FRAMES = 8


class Lines:
    """Takes the daemon's lines one by one: those that it logs, and those of its children, which it prints.

    A child's beat goes to `beat`; `up` is called when the daemon has begun to work, and `down` when it gives up
    because of a child. All else is logged: the daemon's own words under the logger `kcl`, a child's under the logger
    that it used, and what is no log under the logger `child`.
    """

    def __init__(self, beat: Callable[[Beat], None], up: Callable[[], None], down: Callable[[], None]) -> None:
        self._beat = beat
        self._up = up
        self._down = down

    def take(self, line: str) -> None:
        """Takes a line of the daemon's standard output or standard error."""
        match _parsed(line):
            case {"loggerName": str(logger), "level": str(level), "message": str(message)} as event:
                message = _filled(message, event.get("arguments") or [])
                self._of_daemon(logger, _level(level), message, event.get("throwable"))
            case {"level": str(level), "logger": str(logger), "message": str(message)} as event:
                extra = {name: value for name, value in event.items() if name not in _RESERVED}
                logging.getLogger(logger).log(_level(level), "%s", message, extra=extra)
            case parsed if (beat := Beat.of(parsed)) is not None:
                self._beat(beat)
            case _ if line.strip():
                CHILD.warning("%s", line)

    def _of_daemon(self, logger: str, level: int, message: str, throwable: Any) -> None:
        if logger == _OF_SCHEDULER and message.startswith(_UP):
            self._up()
        if logger == _OF_SHARD and level >= logging.ERROR and message.startswith(_DOWN):
            self._down()
        extra: dict[str, Any] = {"java": logger.rpartition(".")[2]}
        if throwable and throwable.get("message") == _LAST_ROUNDS:
            level = logging.DEBUG
        if throwable:
            extra["exception"] = "\n".join(_told(throwable))
        KCL.log(level, "%s", message, extra=extra)


#: What every line has; the rest are extras, of which logging refuses those that it has itself.
_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "level", "logger", "message", "time"}


def _parsed(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _level(name: str) -> int:
    return logging.getLevelNamesMapping().get(name.upper(), logging.DEBUG)


def _filled(message: str, arguments: list[Any]) -> str:
    """A message of SLF4J with its arguments in place."""
    head, *tails = message.split("{}")
    for argument, tail in zip(arguments, tails, strict=False):
        head += f"{argument}{tail}"
    return "{}".join([head, *tails[len(arguments) :]])


def _told(throwable: dict[str, Any]) -> Iterator[str]:
    """An exception of Java, its causes and where each arose."""
    link: dict[str, Any] | None = throwable
    while link:
        yield f"{link.get('className')}: {link.get('message')}"
        for frame in link.get("stepArray", [])[:_FRAMES]:
            yield f"  at {frame.get('className')}.{frame.get('methodName')}"
        link = link.get("cause")
