"""Logs on stderr: for a person on a terminal, JSON lines elsewhere. They carry ids, never what was said."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson
from rich.logging import RichHandler

from cli.console import Console
from shared.clean import clean

#: The last two are of a worker: its daemon, and what its children print.
_OWN = ("shared", "producers", "processors", "sinks", "emulators", "cli", "kcl", "child")
#: Loggers of botocore's for what is renewed; where it must be now, failing is raised too.
_OF_CREDENTIALS = frozenset({"botocore.credentials", "botocore.tokens"})
#: What every record has; whatever else it carries was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure(*, verbose: bool = False) -> None:
    """Sends warnings to stderr, and with `verbose` everything that this project logs."""
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = RichHandler(console=Console(stderr=True), show_path=False)
        handler.setFormatter(_Redacting("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(_JsonLines())
    if not verbose:
        handler.addFilter(_is_not_told_anyway)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.NOTSET)


def _is_not_told_anyway(record: logging.LogRecord) -> bool:
    """Whether it is none of botocore's warnings of what it raises as well: the command's own line says what to do."""
    return not (record.name in _OF_CREDENTIALS and "mandatory" in record.getMessage())


class _Redacting(logging.Formatter):
    """Shows a message as one line, and of an exception its type and where it was raised.

    What the exception says may quote what was said.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the base class names it so)
        return clean(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (the base class names it so)
        return _lines("".join(traceback.format_tb(ei[2])) + (ei[0].__name__ if ei[0] else ""))


class _JsonLines(_Redacting):
    """One JSON object a line: time, level, logger, message, the record's extras, and an exception's place."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        line |= {name: _plain(name, value) for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=lambda value: clean(str(value))).decode()


def _plain(name: str, value: Any) -> Any:
    """An extra of a record, clean where it is text; an exception, as a daemon tells of one, has many lines."""
    if not isinstance(value, str):
        return value
    return _lines(value) if name == "exception" else clean(value)


def _lines(text: str) -> str:
    return "\n".join(map(clean, text.split("\n")))
