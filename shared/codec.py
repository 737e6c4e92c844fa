"""Records to bytes and back: a version byte, a length-prefixed orjson header, then the raw payload."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import orjson

from shared.errors import CodecError
from shared.models import Record, Status, Word
from shared.ranges import (
    AUDIO_TIMES,
    FASTEST,
    LATEST,
    LONGEST_NAME,
    LONGEST_TEXT,
    MAX,
    MAX_HOPS,
    SLOWEST,
    TEXTS,
)
from shared.word_codec import check_lengths, read_words, shown, write_words

VERSION = 1
#: Characters of a record's key: Kinesis takes 256, and what comes of it may have `/language` behind it.
LONGEST_KEY = 200
_PREFIX = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class UnknownRecord:
    """A record of a kind that a newer writer knows and this reader does not: skip it and count it."""

    kind: str


def encode(record: Record) -> bytes:
    """The record as bytes.

    Raises CodecError where a field is outside its range (`shared.ranges`) or no text that UTF-8 can write, and
    TypeError where it is not of its declared type's JSON form.
    """
    kind = _KINDS[type(record).__name__]
    try:
        header = orjson.dumps(kind.header(record))
        kind.check_lengths(record, len(header))
    except ValueError as error:
        raise CodecError(f"{kind.name}: {error}") from None
    except TypeError as error:
        if "surrogates" in str(error):
            raise CodecError(f"{kind.name}: {error}") from None
        raise
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
        record = kind.build(header, data[body:])
        kind.check_lengths(record, length)
        return _keyed(record)
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


def _limits(name: str, declared: Any) -> tuple[float, float] | None:
    """The least and the greatest that a number of the declared type may be; None for what is no number."""
    if declared in (int, int | None):
        return (0, LATEST if name in AUDIO_TIMES else MAX)
    return (SLOWEST, FASTEST) if declared is float else None


_CHECKS: dict[Any, Check] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    float: _number,
    str | None: _optional(_exactly(str)),
    int | None: _optional(_exactly(int)),
    Status: Status,
    tuple[Word, ...]: read_words,
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
        self.numbers = [(name, *limits) for name in self.names if (limits := _limits(name, hints[name]))]
        self.texts = [
            (name, LONGEST_TEXT if name in TEXTS else LONGEST_NAME)
            for name in self.names
            if hints[name] in (str, str | None)
        ]

    def header(self, record: Record) -> dict[str, Any]:
        values: dict[str, Any] = {"kind": self.name}
        values.update(zip(self.names, self.values(record), strict=True))
        for name in self.words:
            values[name] = write_words(values[name])
        self._check_numbers(values)
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
        self._check_numbers(values)
        return record

    def check_lengths(self, record: Record, header: int) -> None:
        """Raises ValueError where a text of a record whose header has so many bytes is too long."""
        if header <= LONGEST_NAME:
            # Nor is any of its texts: what is looked at twice a record would cost a tenth of the codec's time.
            return
        for name, longest in self.texts:
            if (text := getattr(record, name)) is not None and len(text) > longest:
                raise ValueError(f"field {name}: expected at most {longest} characters, got {len(text)}")
        if max(map(len, record.hops), default=0) > LONGEST_NAME:
            raise ValueError(f"field hops: expected names of at most {LONGEST_NAME} characters")
        for name in self.words:
            check_lengths(getattr(record, name))

    def _check_numbers(self, values: Mapping[str, Any]) -> None:
        for name, low, high in self.numbers:
            if (number := values.get(name)) is not None and not low <= number <= high:
                raise ValueError(f"field {name}: expected {low}-{high}, got {shown(number)}")
        if hops := values.get("hops"):
            if len(hops) > MAX_HOPS:
                raise ValueError(f"field hops: expected at most {MAX_HOPS}, got {len(hops)}")
            for stage, at in hops.items():
                if not 0 <= at <= MAX:
                    raise ValueError(f"field hops: expected 0-{MAX}, got {shown(at)} of {shown(stage)}")


_KINDS = {cls.__name__: _Kind(cls) for cls in get_args(Record)}
