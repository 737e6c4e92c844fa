"""A session as an item of the DynamoDB table Sessions: an attribute a field, so that an operator can read it there."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from typing import Any

import orjson

from shared.aws.table import Item
from shared.codec import decode, encode
from shared.errors import CodecError, LowLatencyTranslateError
from shared.models import Segment, Word
from shared.sessions.session import Session, SessionState

_SESSION = [field.name for field in fields(Session)]
_WORD = len(fields(Word))
_LENGTH = struct.Struct(">I")
_UNREADABLE = (KeyError, TypeError, ValueError, struct.error, zlib.error, LowLatencyTranslateError)


def to_item(session: Session) -> Item:
    """The session's attributes; `wanted` is left out where it is None."""
    item = {name: getattr(session, name) for name in _SESSION} | {
        "target_languages": list(session.target_languages),
        "settings": dict(session.settings),
        "state": session.state.value,
        "words": to_words(session.words),
        "claimed": to_claimed(session.claimed),
    }
    if session.wanted is None:
        del item["wanted"]
    else:
        item["wanted"] = list(session.wanted)
    return item


def from_item(item: Item) -> Session:
    """The session; attributes it does not know are ignored. Raises CodecError for what is no session."""
    try:
        values: dict[str, Any] = {name: item[name] for name in _SESSION if name in item}
        values["target_languages"] = tuple(item["target_languages"])
        values["state"] = SessionState(item["state"])
        values["words"] = tuple(Word(*word[:_WORD]) for word in orjson.loads(item["words"]))
        values["claimed"] = tuple(_segments(item["claimed"]))
        if "wanted" in item:
            values["wanted"] = tuple(item["wanted"])
        return Session(**values)
    except _UNREADABLE as error:
        raise CodecError(
            f"session {item.get('id')}: its item cannot be read: {type(error).__name__}: {error}"
        ) from None


def to_words(words: Sequence[Word]) -> str:
    """The words as JSON, each the list of its fields: half the size of objects, and every write costs by size."""
    return orjson.dumps([_columns(word) for word in words]).decode()


def _columns(word: Word) -> Sequence[Any]:
    """The word's fields, but for the last where it is as usual."""
    columns = astuple(word)
    return columns[:-1] if word.spaced is None else columns


def to_claimed(segments: Sequence[Segment]) -> bytes:
    """The segments as the codec writes them, compressed.

    An item ends at 400 KB. Hundreds are claimed when a stage behind a fused stability is slower than a backlog.
    """
    written = map(encode, segments)
    return zlib.compress(b"".join(_LENGTH.pack(len(data)) + data for data in written), level=1)


#: What stands for a session's words and claims where they are not read.
UNREAD: Item = {"words": to_words(()), "claimed": to_claimed(())}
#: The attributes of a session beside those.
SUMMARY = [name for name in _SESSION if name not in UNREAD]


def _segments(claimed: bytes) -> Iterator[Segment]:
    data = zlib.decompress(claimed)
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        segment = decode(data[at : at + length])
        if not isinstance(segment, Segment):
            raise CodecError(f"expected a Segment, got {type(segment).__name__}")
        yield segment
        at += length
