"""The record that a dead letter carries, in words and figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shared.codec import UnknownRecord, decode
from shared.errors import CodecError

#: Bytes that are shown of what cannot be decoded, and bytes a line.
_DUMPED, _LINE = 256, 16


def described(payload: bytes) -> dict[str, Any]:
    """Its size in bytes and, where it is a record, `kind` and `fields`; else the `problem` and the first bytes in hex.

    A payload inside the record is given as its size, too.
    """
    shown: dict[str, Any] = {"bytes": len(payload)}
    if not payload:
        return shown
    try:
        record = decode(payload)
    except CodecError as error:
        return shown | {"problem": str(error), "hex": payload[:_DUMPED].hex()}
    if isinstance(record, UnknownRecord):
        problem = f"a kind of record that this version does not know: {record.kind}"
        return shown | {"problem": problem, "hex": payload[:_DUMPED].hex()}
    fields = asdict(record)
    if "payload" in fields:
        fields["payload_bytes"] = len(fields.pop("payload"))
    return shown | {"kind": type(record).__name__, "fields": fields}


def dump(data: bytes) -> list[str]:
    """Lines of offset, hexadecimal bytes and ASCII characters."""
    lines = []
    for offset in range(0, len(data), _LINE):
        run = data[offset : offset + _LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in run)
        lines.append(f"{offset:04x}  {run.hex(' '):{_LINE * 3 - 1}}  {text}")
    return lines
