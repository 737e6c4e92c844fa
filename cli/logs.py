"""Logs on stderr: for a person on a terminal, JSON lines elsewhere. They carry ids, never what was said."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType

import orjson
from rich.console import Console
from rich.logging import RichHandler

#: The last two are of a worker: its daemon, and what its children print.
_OWN = ("shared", "producers", "processors", "sinks", "cli", "infra", "kcl", "child")
#: What every record has; whatever else it carries was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure(*, verbose: bool = False) -> None:
    """Sends warnings to stderr, and with `verbose` everything that this project logs."""
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = RichHandler(console=Console(stderr=True), show_path=False)
        handler.setFormatter(_Discreet("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(_JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.NOTSET)


class _Discreet(logging.Formatter):
    """Shows of an exception its type and where it was raised: its message may quote what was said."""

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (the base class names it so)
        """See logging.Formatter."""
        return "".join(traceback.format_tb(ei[2])) + (ei[0].__name__ if ei[0] else "")


class _JsonLines(_Discreet):
    """One JSON object a line: time, level, logger, message, the record's extras, and an exception's place."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()
