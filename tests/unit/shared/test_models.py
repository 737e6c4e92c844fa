"""The records' own promises."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from shared.models import (
    AudioFrame,
    Correction,
    Segment,
    SessionEnded,
    Speech,
    Translation,
    TranslationCorrection,
    Word,
    language_key,
    stamped,
)

FRAME = AudioFrame(session="talk", captured_at=7, offset=0, payload=bytes(320))


@pytest.mark.system
def test_the_newcomers_first_line_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from shared.models import PartialResult; print('OK')"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "OK\n"


@pytest.mark.hermetic
def test_records_are_immutable_and_small() -> None:
    with pytest.raises(FrozenInstanceError):
        FRAME.offset = 5  # type: ignore[misc]
    assert not hasattr(FRAME, "__dict__")


@pytest.mark.hermetic
def test_a_frame_counts_its_samples() -> None:
    assert FRAME.samples == 160


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"payload": b"odd"}, "whole 16-bit samples, got a payload of 3 bytes"),
        ({"offset": -1}, "offset of 0 or more, got -1"),
        ({"rate": 7999}, "8000-48000 Hz, got 7999"),
        ({"rate": 48001}, "8000-48000 Hz, got 48001"),
        ({"encoding": "mp3"}, "'pcm', got 'mp3'"),
    ],
)
def test_a_frame_that_is_none_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(FRAME, **changes)


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("changes", "said"),
    [({"payload": b"odd"}, "got a payload of 3"), ({"offset": -1}, "got -1"), ({"rate": 0}, "got 0")],
)
def test_speech_that_is_none_is_refused(changes: dict[str, Any], said: str) -> None:
    speech: dict[str, Any] = {"session": "talk", "captured_at": 7, "number": 1, "language": "es", "start": 0, "end": 9}
    speech |= {"attempt": 1, "offset": 0, "last": True}
    with pytest.raises(ValueError, match=said):
        Speech(**(speech | changes))
    assert Speech(**speech, payload=b"odd", format="opus").payload == b"odd"


@pytest.mark.hermetic
def test_segments_are_numbered_from_1() -> None:
    with pytest.raises(ValueError, match="expected a number of 1 or more, got 0"):
        Segment(session="talk", captured_at=7, number=0, language="en", text="", start=0, end=0)


@pytest.mark.hermetic
def test_order_is_kept_by_session_and_behind_translate_by_language_too() -> None:
    common: dict[str, Any] = {"session": "talk", "captured_at": 7}
    placed = common | {"number": 1, "language": "es", "start": 0, "end": 9}
    assert FRAME.key == "talk"
    assert Segment(**placed, text="hi").key == "talk"
    assert Correction(**common, first=1, last=2, revision=1, text="hi").key == "talk"
    assert TranslationCorrection(**common, first=1, last=2, revision=1, language="es", text="hola").key == "talk/es"
    assert SessionEnded(**common).key == "talk"
    assert SessionEnded(**common, language="es").key == language_key("talk", "es")
    assert Translation(**placed, text="hola").key == language_key("talk", "es")
    assert Speech(**placed, attempt=1, offset=0, last=True).key == language_key("talk", "es")


@pytest.mark.hermetic
def test_a_stamp_leaves_the_record_it_came_from_alone() -> None:
    once = stamped(FRAME, "ingest", 10)
    twice = stamped(stamped(once, "transcribe", 20), "ingest", 11)
    assert (FRAME.hops, once.hops, twice.hops) == ({}, {"ingest": 10}, {"ingest": 11, "transcribe": 20})
    assert twice.payload == FRAME.payload


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("text", "punctuation"),
    [
        (".", True),
        ("...", True),
        ("—", True),
        ("don't", False),
        ("3", False),
        ("$5", False),
        ("***", False),
        ("*", True),
    ],
)
def test_a_mark_has_neither_letter_nor_digit(text: str, punctuation: bool) -> None:
    assert Word(text, 0, 1).is_punctuation is punctuation


@pytest.mark.hermetic
def test_a_words_midpoint() -> None:
    assert Word("hi", 100, 201).midpoint == 150.5
