from __future__ import annotations

import pytest

from processors.transcribe.engines.aws.languages import Languages
from processors.transcribe.engines.aws.results import Transcript
from processors.transcribe.recogniser import Hypothesis
from shared.models import Word
from tests.unit.processors.transcribe.engines.aws.fake_transcribe import Alternative, FakeResult, Item, fake_result

pytestmark = pytest.mark.hermetic


def transcript(*, stabilised: bool = True) -> Transcript:
    return Transcript(Languages(), stabilised=stabilised)


def brief(hypotheses: list[Hypothesis]) -> list[tuple[int, str, bool]]:
    return [(h.utterance, " ".join(item.text for item in h.items), h.final) for h in hypotheses]


def test_a_result_becomes_a_hypothesis_whose_words_carry_all_that_transcribe_says_of_them() -> None:
    items = [
        Item("Good", 1.004, 1.3, speaker="0", confidence=0.97, stable=True),
        Item("morning", 1.3, 1.8, speaker="spk_1", stable=False),
        Item(".", 1.8, 1.8, stable=False),
    ]
    (hypothesis,) = transcript().hypotheses([FakeResult("a", 1.0, True, [Alternative(items)])], 2500)
    assert hypothesis == Hypothesis(
        utterance=1,
        start=1000,
        end=1800,
        position=2500,
        items=(
            Word("Good", 1004, 1300, stable=True, confidence=0.97, speaker="spk_0"),
            Word("morning", 1300, 1800, stable=False, speaker="spk_1"),
            Word(".", 1800, 1800, stable=False),
        ),
        final=False,
    )


def test_utterances_are_numbered_as_their_results_come_and_end_with_their_final() -> None:
    hears = transcript()
    said = [
        *hears.hypotheses([fake_result("x", "one")], 500),
        *hears.hypotheses([fake_result("x", "one two", final=True)], 900),
        *hears.hypotheses([fake_result("y", "three", 2.0)], 2500),
    ]
    assert brief(said) == [(1, "one", False), (1, "one two", True), (2, "three", False)]
    assert hears.unfinished


def test_every_word_of_a_final_is_stable_and_none_is_marked_where_results_are_not_stabilised() -> None:
    (final,) = transcript().hypotheses([fake_result("x", "one ~two", final=True)], 900)
    assert [item.stable for item in final.items] == [True, True]
    (partial,) = transcript(stabilised=False).hypotheses([fake_result("x", "one ~two")], 900)
    assert [item.stable for item in partial.items] == [None, None]


def test_what_comes_of_an_utterance_behind_its_final_is_not_heard() -> None:
    hears = transcript()
    list(hears.hypotheses([fake_result("x", "one", final=True)], 900))
    assert list(hears.hypotheses([fake_result("x", "one more"), fake_result("x", "one", final=True)], 950)) == []
    assert not hears.unfinished


def test_a_final_ends_the_utterances_before_its_own_with_what_was_heard_of_them() -> None:
    hears = transcript()
    list(hears.hypotheses([fake_result("x", "one"), fake_result("y", "two", 1.0)], 1500))
    assert brief(list(hears.hypotheses([fake_result("y", "two three", 1.0, final=True)], 1900))) == [
        (1, "one", True),
        (2, "two three", True),
    ]
    assert list(hears.hypotheses([fake_result("x", "one late", final=True)], 2000)) == []


def test_empty_results_say_nothing_unless_they_end_an_utterance() -> None:
    hears = transcript()
    nothing = [FakeResult("x"), FakeResult("x", alternatives=[Alternative()]), FakeResult("z", is_partial=False)]
    assert list(hears.hypotheses(nothing, 100)) == []
    assert brief(list(hears.hypotheses([fake_result("x", "one")], 500))) == [(1, "one", False)]
    assert brief(list(hears.hypotheses([FakeResult("x", 0.0, False)], 900))) == [(1, "", True)]
    assert not hears.unfinished


def test_items_without_times_stand_behind_the_word_before_them() -> None:
    items = [Item("one", 0.2, 0.5), Item(","), Item(None, 0.5, 0.6), Item("two", 0.6, 0.4)]
    (hypothesis,) = transcript(stabilised=False).hypotheses([FakeResult("x", 0.2, True, [Alternative(items)])], 900)
    assert hypothesis.items == (Word("one", 200, 500), Word(",", 500, 500), Word("two", 600, 600))


def test_the_language_that_was_identified_is_named_by_its_iso_code() -> None:
    spoken = Transcript(Languages("nb=no-NO"), stabilised=True)
    said = spoken.hypotheses(
        [fake_result("x", "hei", language_code="no-NO"), fake_result("y", "olá", language_code="pt-BR")], 900
    )
    assert [hypothesis.language for hypothesis in said] == ["nb", "pt"]
