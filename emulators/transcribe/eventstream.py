"""The framing application/vnd.amazon.eventstream."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from botocore.eventstream import EventStreamBuffer, ParserError

from emulators.transcribe.errors import BadRequest, TranscribeError

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING, _TIMESTAMP = 7, 8
#: The bytes of a message beside its headers and its payload: two lengths and two checksums.
_FRAME = 16


@dataclass(frozen=True, slots=True)
class Message:
    """One message; a header is a string, bytes, a whole number (a timestamp in epoch ms) or a truth value."""

    headers: Mapping[str, str | bytes | int | bool]
    payload: bytes


class MessageReader:
    """Takes the bytes of a stream as they come and gives its messages."""

    def __init__(self) -> None:
        self._buffer = EventStreamBuffer()

    def read(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes; raises BadRequest at one whose lengths or checksums are wrong."""
        self._buffer.add_data(data)
        try:
            for message in self._buffer:
                yield Message(message.headers, message.payload)
        except (ParserError, struct.error, KeyError, UnicodeDecodeError) as error:
            raise BadRequest(f"The event stream message could not be read: {error}") from error


def wrapped(data: bytes) -> Message:
    """The one message that is the payload of another; raises BadRequest where it is anything else."""
    messages = list(MessageReader().read(data))
    if len(messages) != 1:
        raise BadRequest(f"Expected one event stream message inside another, got {len(messages)}")
    return messages[0]


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A message as bytes."""
    encoded = b"".join(_name(name) + _string(value) for name, value in headers.items())
    prelude = struct.pack("!II", len(encoded) + len(payload) + _FRAME, len(encoded))
    checked = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return checked + struct.pack("!I", crc32(checked))


def encode_date(milliseconds: int) -> bytes:
    """The header `:date` (epoch ms) as it is signed."""
    return _name(":date") + struct.pack("!Bq", _TIMESTAMP, milliseconds)


def transcript_event(payload: bytes) -> bytes:
    """The message that carries results."""
    headers = {":message-type": "event", ":event-type": "TranscriptEvent", ":content-type": "application/json"}
    return encode(headers, payload)


def exception_event(error: TranscribeError) -> bytes:
    """The message that ends a stream with an error."""
    headers = {":message-type": "exception", ":exception-type": error.code, ":content-type": "application/json"}
    return encode(headers, error.body())


def _name(name: str) -> bytes:
    encoded = name.encode()
    return struct.pack("!B", len(encoded)) + encoded


def _string(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("!BH", _STRING, len(encoded)) + encoded
