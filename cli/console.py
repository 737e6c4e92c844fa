"""What commands print: for a person by way of Rich, for a script as JSON; and who has stopped reading it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import orjson
import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from shared.clean import clean
from shared.errors import LowLatencyTranslateError

#: What JSON need not escape, and a terminal or a reader of lines does not take as text: a script gets the same from its
#: escape.
_UNSAFE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_BEYOND_ASCII = re.compile("[\x7f-\U0010ffff]")


class ReaderGone(LowLatencyTranslateError):
    """Nobody reads standard output any more: what was to be printed there is of no use to anybody."""


def is_reader_gone(error: BaseException) -> bool:
    """Whether the error, or one of those that came together, is that ReaderGone."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(ReaderGone) is not None
    return isinstance(error, ReaderGone)


class Console(rich.console.Console):
    """A console that cleans whatever is printed on it; raises ReaderGone where standard output has lost its reader.

    What is to be laid out had better be clean before: an escape sequence that is left takes room.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment("\n".join(map(clean, segment.text.split("\n"))), segment.style)

    def on_broken_pipe(self) -> None:
        """On standard error there is nobody left to tell."""
        self.quiet = True
        if not self.stderr:
            raise _gone()


def put(text: str) -> None:
    """Writes to standard output at once; raises ReaderGone."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise _gone() from None


def put_json(value: Any, *, indented: bool = True) -> None:
    """Writes a value for a script to read, on lines of its own or on one, with nothing in it that a terminal obeys.

    Raises ReaderGone.
    """
    line = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indented else 0)).decode()
    encoding = (sys.stdout.encoding or "utf-8").lower()
    put((_UNSAFE if encoding.startswith("utf") else _BEYOND_ASCII).sub(_escaped, line))


def print_line(line: str) -> None:
    """Prints a line about the command itself, which goes on also where nobody reads it."""
    with suppress(ReaderGone):
        Console().print(line, markup=False, highlight=False, soft_wrap=True)


def print_stderr(line: str) -> None:
    """Writes a line to standard error; where nobody reads that either, there is nobody to tell."""
    with suppress(OSError):
        print(clean(line), file=sys.stderr)


def _escaped(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def _gone() -> ReaderGone:
    """Leads what is still to be printed nowhere, and returns the error to raise."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return ReaderGone("nobody reads standard output any more")
