"""What lies outside the ranges of `shared.ranges` is no record."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from shared.codec import decode, encode
from shared.errors import CodecError
from shared.models import (
    Correction,
    DeadLetter,
    PartialResult,
    Record,
    Segment,
    SessionEnded,
    Silence,
    Speech,
    Word,
)
from shared.ranges import FASTEST, LATEST, LONGEST_NAME, LONGEST_TEXT, MAX, MAX_HOPS, MAX_WORDS
from tests.unit.shared.test_codec import FRAME, header_of, packed

pytestmark = pytest.mark.hermetic

RESULT = PartialResult(
    session="talk", captured_at=1, take=1, utterance=1, start=0, end=9, position=9, items=(Word("hi", 0, 9),)
)
SEGMENT = Segment(session="talk", captured_at=1, number=1, language="en", text="hi", start=0, end=9)
CHUNK = Speech(session="talk", captured_at=1, number=1, language="es", start=0, end=9, attempt=1, offset=0, last=True)
INSANE: list[tuple[Record, dict[str, Any]]] = [
    *((FRAME, {"captured_at": value}) for value in (-1, MAX + 1, 2**64, -(2**200))),
    (FRAME, {"hops": {"ingest": -1}}),
    (FRAME, {"hops": {"ingest": 2**64}}),
    (FRAME, {"hops": {f"stage-{number}": 1 for number in range(MAX_HOPS + 1)}}),
    (FRAME, {"hops": {"s" * (LONGEST_NAME + 1): 1}}),
    (FRAME, {"offset": MAX + 1}),
    (RESULT, {"take": -1}),
    (RESULT, {"utterance": 2**63}),
    (RESULT, {"start": -1}),
    (RESULT, {"end": LATEST + 1}),
    (RESULT, {"position": 2**100}),
    (RESULT, {"language": "l" * (LONGEST_NAME + 1)}),
    (RESULT, {"items": (Word("hi", 0, 9),) * (MAX_WORDS + 1)}),
    *(
        (RESULT, {"items": (word,)})
        for word in (
            Word("hi", -1, 9),
            Word("hi", 0, -1),
            Word("hi", 0, LATEST + 1),
            Word("hi", 2**64, 0),
            Word("h" * (LONGEST_NAME + 1), 0, 9),
            Word("hi", 0, 9, speaker="s" * (LONGEST_NAME + 1)),
            Word("hi", 0, 9, confidence=1.5),
            Word("hi", 0, 9, confidence=-0.1),
        )
    ),
    (Silence(session="talk", captured_at=1, take=1, utterance=1, position=0), {"position": -5}),
    (SEGMENT, {"text": "x" * (LONGEST_TEXT + 1)}),
    (SEGMENT, {"words": (Word("hi", 0, 9),) * (MAX_WORDS + 1)}),
    (Correction(session="talk", captured_at=1, first=1, last=2, revision=3, text="hi"), {"revision": 2**53}),
    (Correction(session="talk", captured_at=1, first=1, last=2, revision=3, text="hi"), {"last": -1}),
    (CHUNK, {"number": 2**53}),
    (CHUNK, {"attempt": 2**53}),
    (CHUNK, {"tempo": 0.0}),
    (CHUNK, {"tempo": FASTEST * 2}),
    (SessionEnded(session="talk", captured_at=1), {"take": -1}),
    (DeadLetter(session="talk", captured_at=1, stage="dedup", error="no"), {"start": -1}),
]


@pytest.mark.parametrize(("record", "change"), INSANE, ids=lambda value: f"{value!r:.40}")
def test_what_lies_outside_its_range_is_neither_written_nor_read(record: Record, change: dict[str, Any]) -> None:
    (name,) = change
    with pytest.raises(CodecError, match=f"{type(record).__name__}: .*expected") as caught:
        encode(replace(record, **change))
    assert len(str(caught.value)) < 500
    value = [asdict(word) for word in change[name]] if name in ("items", "words") else change[name]
    body = json.dumps(header_of(record) | {name: value}).encode()
    with pytest.raises(CodecError) as caught:
        decode(packed(body))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_not_written(value: float) -> None:
    with pytest.raises(CodecError):
        encode(replace(CHUNK, tempo=value))
    with pytest.raises(CodecError):
        encode(replace(RESULT, items=(Word("hi", 0, 9, confidence=value),)))


def test_text_that_utf_8_cannot_write_is_not_written() -> None:
    with pytest.raises(CodecError, match="surrogates"):
        encode(replace(SEGMENT, text="\ud800"))


def test_what_is_at_the_ends_of_its_range_is_a_record() -> None:
    words = (Word("h" * LONGEST_NAME, 0, LATEST, confidence=1), *[Word("", LATEST, 0, confidence=0)] * (MAX_WORDS - 1))
    for record in (
        replace(FRAME, captured_at=MAX, offset=MAX, hops={"ingest": 0, "transcribe": MAX}),
        replace(RESULT, take=MAX, utterance=0, start=LATEST, end=0, items=words),
        replace(SEGMENT, number=MAX, text="x" * LONGEST_TEXT),
    ):
        assert decode(encode(record)) == record
