from __future__ import annotations

import pytest

from processors.transcribe.word_times import spread_words
from shared.word_stability import RepeatedAgreement

pytestmark = pytest.mark.hermetic


def stable(agreement: RepeatedAgreement, text: str) -> list[str]:
    return [item.text for item in agreement.mark(spread_words(text, 0, 1000)) if item.stable]


def test_a_word_is_stable_once_it_stood_from_the_end_often_enough() -> None:
    agreement = RepeatedAgreement(tail=1, repeats=2)
    assert stable(agreement, "And Mr. John") == []
    assert stable(agreement, "And Mr. John Dashwell,") == ["And", "Mr."]
    assert stable(agreement, "And Mr. John Dashwood had") == ["And", "Mr.", "John"]
    assert stable(agreement, "And Mr. John Dashwood had then") == ["And", "Mr.", "John", "Dashwood"]


def test_a_stable_word_stays_stable_whatever_comes_before_it() -> None:
    agreement = RepeatedAgreement(tail=1, repeats=2)
    stable(agreement, "less to be rather cold")
    assert stable(agreement, "less to be rather cold hearted") == ["less", "to", "be", "rather"]
    assert stable(agreement, "un less to be rather") == ["less", "to", "be", "rather"]


def test_a_changed_word_is_not_stable() -> None:
    agreement = RepeatedAgreement(tail=1, repeats=2)
    stable(agreement, "one two three")
    stable(agreement, "one two three four")
    assert stable(agreement, "won two three four five") == ["two", "three"]


def test_punctuation_needs_to_stand_once_more_and_one_word_further_from_the_end() -> None:
    agreement = RepeatedAgreement(tail=1, repeats=2)
    assert stable(agreement, "a, b c") == []
    assert stable(agreement, "a, b c") == ["a", "b"]
    assert stable(agreement, "a, b c") == ["a", ",", "b"]


def test_a_mark_is_not_taken_for_another_one() -> None:
    agreement = RepeatedAgreement(tail=0, repeats=1)
    stable(agreement, "cold, hearted")
    assert stable(agreement, "cold, hearted man") == ["cold", ",", "hearted", "man"]
    assert stable(agreement, "cold hearted man, young") == ["cold", "hearted", "man", "young"]


def test_the_words_behind_count_not_the_marks() -> None:
    agreement = RepeatedAgreement(tail=2, repeats=1)
    assert stable(agreement, "one two three.") == ["one"]
    assert stable(agreement, "one two three. . .") == ["one"]
