"""What of an utterance is stable where its recogniser marks nothing: what results agree on, the sooner the slower."""

from __future__ import annotations

import pytest

from shared.models import Word
from shared.word_stability import PacedAgreement

pytestmark = pytest.mark.hermetic


def followed(*hypotheses: str, every: int, held: int = 2) -> str:
    """The items of the last hypothesis that are stable; they come so many ms apart."""
    agreement = PacedAgreement(held)
    stable: list[str] = []
    for number, text in enumerate(hypotheses, 1):
        items = tuple(Word(token, 0, 0) for token in text.split())
        agreed = agreement.follow(items, number * every)
        stable = [item.text for item, agrees in zip(items, agreed, strict=True) if agrees]
    return " ".join(stable)


@pytest.mark.parametrize(
    ("every", "stable"),
    [(100, "one two"), (200, "one two"), (500, "one two"), (1000, "one two three"), (2000, "one two three four")],
)
def test_the_longer_two_results_lie_apart_the_fewer_words_are_held_back(every: int, stable: str) -> None:
    assert followed("one two three four", "one two three four", every=every) == stable


@pytest.mark.parametrize("every", [100, 200, 500])
def test_words_that_stand_long_enough_are_held_back_no_more_however_fast_results_come(every: int) -> None:
    said = ["one two three"] * (2000 // every + 1)
    assert followed(*said, every=every) == "one two three"
    assert followed(*said[: 1000 // every + 1], every=every) == "one two"


def test_what_is_heard_wrong_in_the_same_way_until_two_words_follow_is_never_stable() -> None:
    heard = ["one", "one too", "one too", "one too tree", "one too tree", "one two three for", "one two three four"]
    for count in range(1, len(heard) + 1):
        assert set(followed(*heard[:count], every=200).split()) <= {"one", "two", "three"}
    assert followed(*heard, every=200) == "one two"


def test_a_word_that_is_left_when_what_follows_it_is_heard_again_needs_no_second_one_behind_it() -> None:
    assert followed("one two three for", "one two three four", every=300) == "one two three"
    assert followed("one two three for", "one two three four", every=200) == "one two"
    assert followed("one two three .", "one two three four", every=300) == "one two"


def test_a_change_before_it_unsettles_no_word() -> None:
    assert followed("a two three four", "one two three four", every=200) == "two"
    assert followed("two three four five", "one two three four five", every=200) == "two three"
    assert followed("one two three four", "one two three four", "won two three", every=200) == "two"


def test_a_mark_is_stable_behind_its_own_word_alone() -> None:
    assert followed("one . two . three", "one . two three .", every=1000) == "one . two"
    assert followed("one , two three four", "one . two three four", every=200) == "one two"


def test_the_same_result_read_again_does_not_agree_with_itself() -> None:
    agreement = PacedAgreement()
    items = (Word("one", 0, 0), Word("two", 0, 0), Word("three", 0, 0))
    assert [agreement.follow(items, 200) for _ in range(3)] == [[False] * 3] * 3


def test_a_reader_who_may_take_words_back_holds_fewer_of_them_back() -> None:
    assert followed("one two three", "one two three", every=200, held=1) == "one two"


def test_of_a_result_without_end_only_so_much_is_aligned() -> None:
    many = " ".join(["a b a a b"] * 2000)
    assert followed(f"x {many}", f"y {many}", every=200).split() == many.split()[:199]
