"""Records to bytes and back: a version byte, a length-prefixed orjson header, then the raw payload."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import orjson

from shared.errors import CodecError
from shared.models import Record, Status, Word

VERSION = 1
#: Characters of a record's key: Kinesis takes 256, and what comes of it may have `/language` behind it.
LONGEST_KEY = 200
_PREFIX = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class UnknownRecord:
    """A record of a kind that a newer writer knows and this reader does not: skip it and count it."""

    kind: str


def encode(record: Record) -> bytes:
    """The record as bytes; raises TypeError where a field is not of its declared type's JSON form."""
    kind = _KINDS[type(record).__name__]
    header = orjson.dumps(kind.header(record))
    payload: bytes = getattr(record, "payload", b"")
    return _PREFIX.pack(VERSION, len(header)) + header + payload


def decode(data: bytes) -> Record | UnknownRecord:
    """The record in `data`. Unknown fields are ignored, fields with a default may be missing.

    Raises CodecError, and nothing else, for everything that is not a record.
    """
    if len(data) < _PREFIX.size:
        raise CodecError(f"expected at least {_PREFIX.size} bytes, got {len(data)}")
    version, length = _PREFIX.unpack_from(data)
    if version != VERSION:
        raise CodecError(f"expected version {VERSION}, got {version}")
    if length > len(data) - _PREFIX.size:
        raise CodecError(f"expected a header of {length} bytes, got {len(data) - _PREFIX.size}")
    body = _PREFIX.size + length
    try:
        header = orjson.loads(data[_PREFIX.size : body])
    except orjson.JSONDecodeError as error:
        raise CodecError(f"expected a JSON header: {error}") from None
    if type(header) is not dict or type(name := header.get("kind")) is not str:
        raise CodecError("expected a JSON object that names its kind")
    kind = _KINDS.get(name)
    if kind is None:
        return UnknownRecord(name)
    try:
        return _keyed(kind.build(header, data[body:]))
    except (ValueError, RecursionError) as error:
        raise CodecError(f"{kind.name}: {error}") from None


def _keyed(record: Record) -> Record:
    """The record, if a stream would take what comes of it under the record's key."""
    if not 0 < len(record.key) <= LONGEST_KEY:
        raise ValueError(f"expected a key of 1-{LONGEST_KEY} characters, got {len(record.key)}")
    return record


Check = Callable[[Any], Any]


def _exactly(expected: type) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not expected:
            raise ValueError(f"expected {expected.__name__}, got {type(value).__name__}")
        return value

    return check


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _number(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"expected a number, got {type(value).__name__}")
    return float(value)


def _hops(value: Any) -> dict[str, int]:
    if type(value) is not dict or not set(map(type, value.values())) <= {int}:
        raise ValueError("expected hops to be an object of integers")
    return value


def _words(value: Any) -> tuple[Word, ...]:
    return tuple([_word(word) for word in _list(value)])


def _word(value: Any) -> Word:
    if type(value) is not dict:
        raise ValueError(f"expected a word to be an object, got {type(value).__name__}")
    get = value.get
    word = _Draft()
    word.text, word.start, word.end = get("text"), get("start"), get("end")
    word.stable, word.confidence, word.speaker = get("stable"), get("confidence"), get("speaker")
    word.spaced = get("spaced")
    if not (
        type(word.text) is str
        and type(word.start) is int
        and type(word.end) is int
        and (word.stable is None or type(word.stable) is bool)
        and (word.confidence is None or type(word.confidence) is float or type(word.confidence) is int)
        and (word.speaker is None or type(word.speaker) is str)
        and (word.spaced is None or type(word.spaced) is bool)
    ):
        raise ValueError(f"expected a word with text, start and end, got {value!r:.200}")
    word.__class__ = Word
    return word  # type: ignore[no-any-return]


#: What a word is while it is read, and not yet frozen: its fields are set in a quarter of the time that Word() takes.
_Draft: Any = type("_Draft", (), {"__slots__": [column.name for column in fields(Word)]})


def _objects(words: Iterable[Word]) -> list[dict[str, Any]]:
    """Words as JSON objects: left to itself, orjson takes three times as long."""
    try:
        return [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "stable": word.stable,
                "confidence": word.confidence,
                "speaker": word.speaker,
                "spaced": word.spaced,
            }
            for word in words
        ]
    except AttributeError as error:
        raise TypeError(f"expected words: {error}") from None


_list = _exactly(list)
_CHECKS: dict[Any, Check] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _number,
    str | None: _optional(_exactly(str)),
    int | None: _optional(_exactly(int)),
    Status: Status,
    tuple[Word, ...]: _words,
}


class _Kind:
    """How one class of record is written and read, worked out once from its fields' types."""

    def __init__(self, cls: type[Record]) -> None:
        hints = get_type_hints(cls)
        self.name = cls.__name__
        self.cls: Any = cls
        self.takes_payload = "payload" in hints
        columns = [column for column in fields(cls) if column.name != "payload"]
        self.names = [column.name for column in columns]
        self.values = attrgetter(*self.names)
        self.words = [name for name in self.names if hints[name] == tuple[Word, ...]]
        self.required = {c.name for c in columns if c.default is MISSING and c.default_factory is MISSING}
        self.checks = [(name, _hops if name == "hops" else _CHECKS[hints[name]]) for name in self.names]

    def header(self, record: Record) -> dict[str, Any]:
        values: dict[str, Any] = {"kind": self.name}
        values.update(zip(self.names, self.values(record), strict=True))
        for name in self.words:
            values[name] = _objects(values[name])
        return values

    def build(self, header: dict[str, Any], payload: bytes) -> Record:
        values: dict[str, Any] = {}
        for name, check in self.checks:
            if name in header:
                try:
                    values[name] = check(header[name])
                except ValueError as error:
                    raise ValueError(f"field {name}: {error}") from None
            elif name in self.required:
                raise ValueError(f"expected the field {name}, got none")
        if self.takes_payload:
            values["payload"] = payload
        record: Record = self.cls(**values)
        return record


_KINDS = {cls.__name__: _Kind(cls) for cls in get_args(Record)}
