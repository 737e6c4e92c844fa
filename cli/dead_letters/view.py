"""How dead letters are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from cli.console import Console
from cli.dead_letters.letters import Letter
from cli.dead_letters.payload import described, dump
from cli.formatting import short_shard
from cli.table import table
from shared.clean import clean

#: Characters of an id that a table shows, if they tell its letters apart.
_SHORT = 8
#: Digits of an input's sequence number that a table shows: those in which neighbours differ.
_DIGITS = 12
#: Columns of a terminal from which on there is room for a column of inputs, and those that errors have there.
_WIDE, _READABLE = 120, 20


def summary(letter: Letter) -> dict[str, Any]:
    """Everything of a letter but its payload, of which it says the size; `place` is the letter's own."""
    record = letter.record
    origin = {"stream": record.stream, "shard": record.shard, "sequence": record.sequence}
    return {
        "id": letter.id,
        "published_at": letter.published_at,
        "captured_at": record.captured_at,
        "session": record.session,
        "stage": record.stage,
        "error": record.error,
        "language": record.language,
        "start": record.start,
        "end": record.end,
        "input": origin if record.stream else None,
        "place": {"shard": letter.shard, "sequence": letter.sequence},
        "payload_bytes": len(record.payload),
    }


def whole(letter: Letter) -> dict[str, Any]:
    """Everything of a letter, its payload described."""
    shown = summary(letter)
    del shown["payload_bytes"]
    return shown | {"hops": letter.record.hops, "payload": described(letter.record.payload)}


def print_table(summaries: Sequence[Mapping[str, Any]]) -> None:
    """A row a letter; on a narrow terminal its input stands below its error, without the stream, its stage's own."""
    console = Console()
    cells: dict[str, Callable[[Mapping[str, Any]], Text]] = {
        "id": lambda shown: Text(shown["id"][:length]),
        "published": lambda shown: Text(_time(shown["published_at"])),
        "session": lambda shown: _text(shown["session"] or "-"),
        "stage": lambda shown: _text(shown["stage"]),
        "of": lambda shown: _text(_subject(shown)),
        "input": lambda shown: _text(_short_origin(shown["input"])),
        "error": lambda shown: _text(shown["error"]),
    }
    wide = console.width >= _WIDE
    if not wide:
        del cells["input"]
        cells["error"] = _error_and_input
    length = _telling([shown["id"] for shown in summaries])
    rows = table(*cells)
    if wide:
        for column in rows.columns:
            # An input breaks in front of its sequence number.
            column.min_width = {"input": _DIGITS + 2, "error": _READABLE}.get(str(column.header))
            column.no_wrap = column.header in ("id", "published", "stage")
    for shown in summaries:
        rows.add_row(*(made(shown) for made in cells.values()))
    console.print(rows)


def print_letter(letter: Letter, stream_prefix: str) -> None:
    """Everything of one letter, for a person."""
    shown = whole(letter)
    origin, payload = shown["input"], shown["payload"]
    rows = {
        "id": letter.id,
        "published": _time(letter.published_at),
        "captured": _time(letter.record.captured_at),
        "session": shown["session"] or "-",
        "stage": shown["stage"],
        "error": shown["error"],
        "of": _subject(shown),
        "input": _origin(origin) if origin else "-",
        "stands at": f"{letter.shard} {letter.sequence}",
    }
    rows |= {f"hop {stage}": _time(at) for stage, at in shown["hops"].items()}
    if not payload["bytes"] and origin:
        rows["payload"] = (
            f"too large for a letter; the input stands on stream {stream_prefix}-{origin['stream']}, shard "
            f"{origin['shard']}, at sequence number {origin['sequence']}, for as long as that stream keeps it"
        )
    elif not payload["bytes"]:
        rows["payload"] = "none"
    elif "problem" in payload:
        rows["payload"] = f"{payload['bytes']} bytes that are no record: {payload['problem']}"
    else:
        rows["payload"] = f"{payload['kind']}, {payload['bytes']} bytes"
        rows |= {f"  {name}": _value(value) for name, value in payload["fields"].items()}
    lines = table("what", "is", headed=False)
    for name, value in rows.items():
        lines.add_row(_text(name), _text(value))
    console = Console()
    console.print(lines)
    for line in dump(bytes.fromhex(payload.get("hex", ""))):
        console.print(Text(f"  {line}"), soft_wrap=True)


def _telling(ids: Sequence[str]) -> int:
    """How many characters tell the ids apart."""
    return next((n for n in range(_SHORT, len(ids[0])) if len({name[:n] for name in ids}) == len(ids)), len(ids[0]))


def _subject(shown: Mapping[str, Any]) -> str:
    """The language or the span of audio that was lost."""
    if shown["start"] is None or shown["end"] is None:
        return shown["language"] or "-"
    span = f"{shown['start'] / 1000:.1f}-{shown['end'] / 1000:.1f} s"
    return f"{shown['language']} {span}" if shown["language"] else span


def _origin(origin: Mapping[str, str]) -> str:
    return f"{origin['stream']} {origin['shard']} {origin['sequence']}"


def _short_origin(origin: Mapping[str, str] | None) -> str:
    return "-" if origin is None else f"{origin['stream']} {_short_place(origin)}"


def _short_place(origin: Mapping[str, str]) -> str:
    return f"{short_shard(origin['shard'])} ..{origin['sequence'][-_DIGITS:]}"


def _error_and_input(shown: Mapping[str, Any]) -> Text:
    error = _text(shown["error"])
    return error if shown["input"] is None else error + Text("\ninput ") + _text(_short_place(shown["input"]))


def _value(value: Any) -> str:
    """A field; of words their texts."""
    if isinstance(value, tuple):
        return " ".join(word["text"] for word in value)
    return str(value)


def _text(value: str) -> Text:
    """As it is, but for what cleaning takes away: whoever looks for a fault shall see that it is there."""
    return Text("".join(c if clean(c) == c else c.encode("unicode_escape").decode() for c in value))


def _time(epoch_ms: int) -> str:
    try:
        return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")[:19]
    except (ValueError, OverflowError, OSError):
        # A client's clock may say anything.
        return f"{epoch_ms} ms"
