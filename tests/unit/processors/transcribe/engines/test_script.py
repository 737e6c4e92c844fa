from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from processors.transcribe.engines.script import Script
from processors.transcribe.recogniser import Hypothesis
from shared.errors import ScriptError
from shared.models import Word

pytestmark = pytest.mark.hermetic

WORDS = (
    Word("Good", 100, 300),
    Word("morning", 300, 800),
    Word(".", 800, 800),
    Word("It", 2000, 2200),
    Word("is", 2200, 2400),
    Word("late", 2400, 2900),
    Word("now", 2900, 3100),
)


def said(results: Iterable[Hypothesis]) -> list[tuple[int, int, bool, str]]:
    return [
        (r.utterance, r.position, r.final, " ".join(w.text + "*" * (w.stable is True) for w in r.items))
        for r in results
    ]


def test_words_are_said_as_a_live_recogniser_would() -> None:
    assert said(Script.from_words(WORDS).results) == [
        (1, 800, False, "Good"),
        (1, 1000, False, "Good"),
        (1, 1200, False, "Good morning ."),
        (1, 800 + 1136, True, "Good* morning* .*"),
        (2, 2600, False, "It"),
        (2, 2800, False, "It is"),
        (2, 3000, False, "It is"),
        (2, 3200, False, "It is"),
        (2, 3400, False, "It* is late"),
        (2, 3600, False, "It* is* late now"),
        (2, 3100 + 1136, True, "It* is* late* now*"),
    ]


def test_the_timing_model_can_be_set() -> None:
    script = Script.from_words(WORDS, pause=5000, partial_every=1000, seen_after=0, unstable=1, final_after=50)
    assert said(script.results) == [
        (1, 1000, False, "Good* morning ."),
        (1, 2000, False, "Good* morning ."),
        (1, 3000, False, "Good* morning* .* It* is* late"),
        (1, 3150, True, "Good* morning* .* It* is* late* now*"),
    ]


def test_a_take_in_the_middle_hears_only_what_lies_behind_its_start() -> None:
    heard = list(Script.from_words(WORDS).heard_from(2300))
    assert said(heard)[-1] == (1, 3100 + 1136 - 2300, True, "is* late* now*")
    assert heard[-1].items[0] == Word("is", 0, 100, stable=True)
    assert (heard[-1].start, heard[-1].end) == (0, 800)


def test_an_utterance_that_ended_before_the_start_is_not_heard() -> None:
    assert {r.utterance for r in Script.from_words(WORDS).heard_from(900)} == {1}
    assert said(Script.from_words(WORDS).heard_from(900))[-1][3] == "It* is* late* now*"


def test_an_utterance_whose_words_were_taken_back_still_gets_its_final() -> None:
    script = Script(
        (
            Hypothesis(1, 0, 500, 600, (Word("uh", 200, 500),), final=False),
            Hypothesis(1, 0, 500, 900, (), final=True),
        )
    )
    assert tuple(script.heard_from(0)) == script.results


def test_a_script_survives_its_file(tmp_path: Path) -> None:
    words = (*WORDS, Word("señor", 3100, 3300, stable=None, confidence=0.5, speaker="1"))
    script = Script.from_words(words)
    script.save(tmp_path / "talk.jsonl")
    assert Script.load(tmp_path / "talk.jsonl") == script


def test_the_languages_that_were_identified_survive_the_file(tmp_path: Path) -> None:
    spoken = Script.from_words(WORDS).results
    script = Script((*spoken[:-1], replace(spoken[-1], language="es")))
    script.save(tmp_path / "talk.jsonl")
    assert Script.load(tmp_path / "talk.jsonl") == script


GOOD = '{"utterance":1,"start":0,"end":9,"position":50,"final":false,"items":[{"text":"a","start":0,"end":9}]}'


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([GOOD, "{"], "line 2: "),
        (["[]"], "line 1: expected an object, got list"),
        ([GOOD, '{"utterance":1}'], "line 2: expected the fields end, final, items, position, start, utterance"),
        ([GOOD.replace("9,", '"9",', 1)], "line 1: field end: expected int, got str"),
        ([GOOD.replace('"a"', "7")], "line 1: field text: expected str, got int"),
        ([GOOD, GOOD.replace("50", "49")], "result 2: expected a position from 50 ms on, got 49"),
        ([GOOD.replace("false", "true"), GOOD], "result 2: utterance 1 has had its final"),
        ([GOOD.replace('"end":9}', '"end":-1}')], "result 1: expected spans"),
        ([GOOD.replace('"utterance":1', '"utterance":0')], "result 1: expected an utterance of 1 or more"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, lines: list[str], complaint: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(ScriptError) as caught:
        Script.load(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"none\.jsonl: No such file"):
        Script.load(tmp_path / "none.jsonl")
