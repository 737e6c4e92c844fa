"""Records survive the wire, and nothing else gets through it."""

from __future__ import annotations

import pickle
import struct
from dataclasses import FrozenInstanceError, replace
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec import UnknownRecord, decode, encode
from shared.errors import CodecError
from shared.models import (
    AudioFrame,
    DeadLetter,
    PartialResult,
    Record,
    Segment,
    SessionEnded,
    Speech,
    Status,
    Translation,
    Word,
)
from tests.unit.shared.records import KINDS, RECORDS

pytestmark = pytest.mark.hermetic

FRAME = AudioFrame(session="talk", captured_at=1_700_000_000_000, offset=1600, payload=b"\1\2\3\4")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def packed(header: Any, payload: bytes = b"", version: int = 1) -> bytes:
    """Bytes with this header, as a writer of any version would make them."""
    body = header if isinstance(header, bytes) else orjson.dumps(header)
    return struct.pack(">BI", version, len(body)) + body + payload


def header_of(record: Record) -> dict[str, Any]:
    data = encode(record)
    (length,) = struct.unpack_from(">I", data, 1)
    header: dict[str, Any] = orjson.loads(data[5 : 5 + length])
    return header


def test_every_kind_of_record_has_a_strategy() -> None:
    assert set(KINDS) == set(get_args(Record))


@given(RECORDS)
def test_what_is_written_is_read(record: Record) -> None:
    assert decode(encode(record)) == record


@given(st.binary(max_size=200))
def test_random_bytes_are_a_codec_error(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode(data)


@given(RECORDS, st.data())
def test_a_truncated_record_is_never_taken_for_another_kind(record: Record, data: st.DataObject) -> None:
    whole = encode(record)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        read = decode(whole[:cut])
    except CodecError:
        return
    # Only the payload's own end is not told by the bytes: its length is the record's.
    assert type(read) is type(record)
    assert len(read.payload) < len(record.payload)  # type: ignore[union-attr]


@given(RECORDS, st.data())
def test_a_damaged_record_is_a_record_or_a_codec_error(record: Record, data: st.DataObject) -> None:
    damaged = bytearray(encode(record))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decode(bytes(damaged))
    except CodecError:
        return
    assert isinstance(read, UnknownRecord) or encode(read)


@given(RECORDS, st.data())
def test_any_value_in_any_field_is_a_record_or_a_codec_error(record: Record, data: st.DataObject) -> None:
    header = header_of(record)
    name = data.draw(st.sampled_from(sorted(header)))
    header[name] = data.draw(_JSON)
    try:
        read = decode(packed(header))
    except CodecError:
        return
    assert isinstance(read, UnknownRecord) or encode(read)


@given(
    st.dictionaries(st.text(max_size=8), _JSON, max_size=4), st.sampled_from(sorted(kind.__name__ for kind in KINDS))
)
def test_any_header_of_a_known_kind_without_its_fields_is_a_codec_error(fields: dict[str, Any], kind: str) -> None:
    with pytest.raises(CodecError, match=f"{kind}: "):
        decode(packed(fields | {"kind": kind}))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected at least 5 bytes, got 0"),
        (b"\1\0\0\0", "expected at least 5 bytes, got 4"),
        (packed({}, version=2), "expected version 1, got 2"),
        (b"\1\0\0\1\0{}", "expected a header of 256 bytes, got 2"),
        (packed(b"{"), "expected a JSON header"),
        (packed(b"\xff\xfe"), "expected a JSON header"),
        (packed(b"[" * 5000 + b"]" * 5000), "expected a JSON header"),
        (packed([]), "expected a JSON object that names its kind"),
        (packed({"kind": 3}), "expected a JSON object that names its kind"),
        (packed({"kind": "AudioFrame"}), "AudioFrame: expected the field session, got none"),
        (packed(header_of(FRAME), b"odd"), "expected whole 16-bit samples, got a payload of 3 bytes"),
        (packed(header_of(FRAME) | {"offset": -1}), "expected an offset of 0 or more, got -1"),
        (packed(header_of(FRAME) | {"offset": True}), "field offset: expected int, got bool"),
        (packed(header_of(FRAME) | {"offset": 2**70 + 0.5}), "field offset: expected int, got float"),
        (packed(header_of(FRAME) | {"rate": 0}), "expected a rate of 8000-48000 Hz, got 0"),
        (packed(header_of(FRAME) | {"encoding": "opus"}), "expected encoding 'pcm', got 'opus'"),
        (packed(header_of(FRAME) | {"hops": {"ingest": "noon"}}), "field hops: expected hops"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(data: bytes, said: str) -> None:
    with pytest.raises(CodecError) as caught:
        decode(data)
    assert said in str(caught.value)


def test_speech_that_is_none_is_refused() -> None:
    speech = Speech(
        session="talk", captured_at=1, number=1, language="es", start=0, end=9, attempt=1, offset=0, last=True
    )
    with pytest.raises(CodecError, match="whole 16-bit samples"):
        decode(packed(header_of(speech), b"odd"))
    with pytest.raises(CodecError, match="field tempo: expected a number, got str"):
        decode(packed(header_of(speech) | {"tempo": "presto"}))
    assert decode(packed(header_of(speech) | {"tempo": 1})) == speech


def test_a_newer_writer_is_understood_as_far_as_possible() -> None:
    assert decode(packed(header_of(FRAME) | {"loudness": [1, 2]}, FRAME.payload)) == FRAME
    assert decode(packed({"kind": "Applause", "session": "talk"}, b"payload")) == UnknownRecord("Applause")
    ended = SessionEnded(session="talk", captured_at=1)
    assert decode(packed(header_of(ended), b"a payload it does not take")) == ended


def test_an_older_writer_may_leave_out_what_has_a_default() -> None:
    older = {"kind": "Translation", "session": "talk", "captured_at": 5, "number": 1, "language": "es"}
    expected = Translation(session="talk", captured_at=5, number=1, language="es", text="hola", start=0, end=9)
    assert decode(packed(older | {"text": "hola", "start": 0, "end": 9})) == expected
    assert expected.status is Status.OK
    with pytest.raises(CodecError, match="Translation: expected the field text, got none"):
        decode(packed(older | {"start": 0, "end": 9}))


def test_a_word_needs_its_text_and_span_only() -> None:
    result = PartialResult(
        session="talk", captured_at=1, take=1, utterance=0, start=0, end=5, position=5, items=(Word("hi", 0, 5),)
    )
    header = header_of(result)
    assert decode(packed(header | {"items": [{"text": "hi", "start": 0, "end": 5, "pitch": 9}]})) == result
    for broken in ({"text": "hi", "start": 0}, {"text": "hi", "start": 0, "end": 5, "confidence": "high"}, "hi"):
        with pytest.raises(CodecError, match="field items: expected a word"):
            decode(packed(header | {"items": [broken]}))


def test_a_word_that_was_read_is_a_word_like_any_other() -> None:
    said = Word("hi", 0, 5, True, 0.5, "spk_0")
    result = PartialResult(
        session="talk", captured_at=1, take=1, utterance=0, start=0, end=5, position=5, items=(said,)
    )
    read = decode(encode(result))
    assert isinstance(read, PartialResult)
    (word,) = read.items
    assert type(word) is Word
    assert {word} == {said}
    assert pickle.loads(pickle.dumps(word)) == replace(word) == said
    with pytest.raises(FrozenInstanceError):
        word.text = "ho"  # type: ignore[misc]


def test_audio_is_raw_in_the_bytes() -> None:
    data = encode(FRAME)
    assert data.endswith(FRAME.payload)
    assert encode(AudioFrame(session="talk", captured_at=1, offset=0, payload=b"")).find(b"payload") == -1


def test_a_record_with_a_field_of_another_type_is_not_written() -> None:
    with pytest.raises(TypeError):
        encode(SessionEnded(session=b"talk", captured_at=1))  # type: ignore[arg-type]
    words: Any = ("hi",)
    with pytest.raises(TypeError, match="expected words"):
        encode(Segment(session="talk", captured_at=1, number=1, language="en", text="hi", start=0, end=9, words=words))


@pytest.mark.parametrize("session", ["", "x" * 201])
def test_a_record_that_no_stream_would_take_the_like_of_is_none(session: str) -> None:
    refused = encode(SessionEnded(session=session, captured_at=1))
    with pytest.raises(CodecError, match=f"SessionEnded: expected a key of 1-200 characters, got {len(session)}"):
        decode(refused)


def test_a_dead_letter_of_no_session_has_a_key_all_the_same() -> None:
    letter = DeadLetter(session="", captured_at=1, stage="dedup", error="no record")
    assert letter.key == "dedup"
    assert decode(encode(letter)) == letter
