"""What is committed of a hypothesis: no word twice, none lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.alignment import across, difference, spelling, within
from shared.models import Word
from shared.ranges import MAX_WORDS

pytestmark = pytest.mark.hermetic

WORDS = st.lists(st.sampled_from(["a", "b", "no", "ice", "cream", "icecream", "Then", "it's"]), max_size=12)
MARKS = st.lists(st.sampled_from(["", "", "", ",", ".", "?!"]), min_size=12, max_size=12)


def words(text: str, *, start: int = 0, length: int = 300, gap: int = 0) -> list[Word]:
    """Items one after the other; punctuation takes no time."""
    items = []
    for token in text.split():
        punctuation = Word(token, 0, 0).is_punctuation
        end = start if punctuation else start + length
        items.append(Word(token, start, end))
        start = end + (0 if punctuation else gap)
    return items


def rest(items: list[Word], committed: int) -> str:
    return " ".join(item.text for item in items[committed:])


def marked(texts: list[str], marks: list[str]) -> list[Word]:
    return words(" ".join(f"{text} {mark}" for text, mark in zip(texts, marks, strict=False)))


class TestWithin:
    def test_what_was_committed_is_found_whatever_its_case_and_punctuation(self) -> None:
        hypothesis = words("Well , I said : no way")
        assert rest(hypothesis, within(words("well I said"), hypothesis, 900)) == "no way"

    def test_punctuation_behind_the_last_committed_word_is_never_left_alone(self) -> None:
        hypothesis = words("that is it . ”")
        assert within(words("that is it"), hypothesis, 900) == len(hypothesis)

    def test_a_masked_word_behind_the_last_committed_word_is_new(self) -> None:
        hypothesis = words("thank you *** now")
        assert rest(hypothesis, within(words("thank you"), hypothesis, 600)) == "*** now"

    def test_a_hypothesis_that_lost_words_has_nothing_new(self) -> None:
        assert rest(words("one two"), within(words("one two three"), words("one two"), 900)) == ""

    @pytest.mark.parametrize(
        ("committed", "hypothesis"),
        [
            ("I like ice cream", "I like icecream is good"),
            ("I like icecream", "I like ice cream is good"),
            ("ice cream", "icecream is good"),
            ("ice-cream", "ice cream is good"),
        ],
    )
    def test_words_merged_and_split_are_neither_repeated_nor_lost(self, committed: str, hypothesis: str) -> None:
        known, said = words(committed), words(hypothesis)
        assert rest(said, within(known, said, known[-1].end)) == "is good"

    def test_a_word_heard_otherwise_is_still_that_word(self) -> None:
        said = words("the bat sat down")
        assert rest(said, within(words("the cat sat"), said, 900)) == "down"

    @pytest.mark.parametrize(("frontier", "left"), [(900, "x y"), (1200, "y")])
    def test_where_spelling_leaves_it_open_time_decides(self, frontier: int, left: str) -> None:
        # "cat" may have become "bat", or be left out before it: both are one edit.
        committed = [*words("one two", length=400), Word("cat", 800, frontier)]
        said = [*words("one two", length=400), Word("x", 900, 1100), Word("y", 1150, 1300)]
        assert rest(said, within(committed, said, frontier)) == left

    def test_times_that_drift_as_a_whole_decide_nothing(self) -> None:
        committed = words("one two cat")
        said = words("one two bat sat", start=400)
        assert rest(said, within(committed, said, 900)) == "sat"

    @given(WORDS, WORDS, MARKS, st.integers(-500, 5000))
    def test_a_hypothesis_that_goes_on_is_committed_as_far_as_before(
        self, before: list[str], after: list[str], marks: list[str], frontier: int
    ) -> None:
        committed = words(" ".join(before))
        hypothesis = [*committed, *marked(after, marks)]
        assert hypothesis[within(committed, hypothesis, frontier) :] == marked(after, marks)

    @given(WORDS, WORDS, MARKS, st.integers(0, 5000))
    def test_it_never_cuts_between_a_word_and_its_punctuation(
        self, before: list[str], said: list[str], marks: list[str], frontier: int
    ) -> None:
        hypothesis = marked(said, marks)
        cut = within(words(" ".join(before)), hypothesis, frontier)
        assert 0 <= cut <= len(hypothesis)
        assert cut in (0, len(hypothesis)) or not hypothesis[cut].is_punctuation


class TestAcross:
    @pytest.mark.parametrize("shift", [-200, 0, 200])
    @pytest.mark.parametrize(
        ("hypothesis", "left"),
        [
            ("a big ice cream is good", "is good"),
            ("a big icecream . is good", "is good"),
            ("cream is good", "is good"),
            ("he has a big ice cream", ""),
        ],
    )
    def test_the_last_committed_words_are_found_in_another_take(self, hypothesis: str, left: str, shift: int) -> None:
        tail = words("so he has a big ice cream", length=300)
        frontier = tail[-1].end
        # The shared words stand where they stood, but for the shift; a merged one covers both.
        spoken = hypothesis.removesuffix(left).replace("icecream", "ice cream").replace(".", "").split()
        said = words(hypothesis, start=frontier - 300 * len(spoken) + shift)
        if "icecream" in hypothesis:
            at = next(i for i, item in enumerate(said) if item.text == "icecream")
            late = words(left, start=said[at].end + 300)
            said = [*said[:at], Word("icecream", said[at].start, said[at].end + 300), *words("."), *late]
        assert rest(said, across(tail, said, frontier)) == left

    @pytest.mark.parametrize("shift", [-200, 200])
    def test_a_last_word_heard_otherwise_is_still_that_word(self, shift: int) -> None:
        said = words("the old bat sat", start=shift)
        assert rest(said, across(words("the old cat"), said, 900)) == "sat"

    def test_the_longest_run_wins(self) -> None:
        tail = words("we know that you know", length=200)
        said = words("know that you know that", start=200, length=200)
        assert rest(said, across(tail, said, 1000)) == "that"

    def test_among_equal_runs_the_nearest_wins(self) -> None:
        tail = words("no", start=1000)
        said = words("no no no", start=900)
        assert rest(said, across(tail, said, 1300)) == "no no"

    def test_one_word_said_again_is_not_the_committed_one(self) -> None:
        tail = words("very", start=1000)
        said = words("very good", start=1350)
        assert rest(said, across(tail, said, 1300)) == "very good"

    def test_a_phrase_said_again_is_not_the_committed_one(self) -> None:
        tail = words("thank you", start=1000, length=200)
        said = words("thank you all", start=1450, length=200)
        assert rest(said, across(tail, said, 1400)) == "thank you all"

    def test_without_a_common_word_what_lies_behind_the_frontier_is_committed(self) -> None:
        said = words("one two three four", length=300)
        assert rest(said, across(words("five six", length=300), said, 700)) == "three four"

    def test_nothing_is_committed_at_the_beginning(self) -> None:
        assert across([], words("one two"), 0) == 0

    @given(st.lists(st.sampled_from(["no", "yes"]), max_size=12), st.data())
    def test_a_hypothesis_heard_again_is_cut_where_it_was(self, said: list[str], data: st.DataObject) -> None:
        speech = words(" ".join(said))
        done = data.draw(st.integers(0, len(said)))
        begin = data.draw(st.integers(0, done))
        assert across(speech[:done], speech[begin:], speech[done - 1].end if done else 0) == done - begin


@given(st.text(max_size=4))
@example("\u0301")
@example("***")
def test_an_item_has_a_spelling_if_it_is_a_word(text: str) -> None:
    assert bool(spelling(text)) is not Word(text, 0, 0).is_punctuation


class TestDifference:
    @pytest.mark.parametrize(
        ("one", "other", "ratio"),
        [
            ("one two three four", "One, two three four.", 0),
            ("one two three four", "one too three four", 0.25),
            ("ice cream", "icecream", 0),
            ("one two", "", 1),
            ("", "", 0),
            ("one two three", "one two three four five six", 0.5),
        ],
    )
    def test_it_is_the_share_of_words_that_differ(self, one: str, other: str, ratio: float) -> None:
        assert difference(words(one.replace(",", " ,")), words(other.replace(",", " ,").replace(".", " ."))) == ratio

    @given(WORDS, WORDS)
    def test_it_is_symmetrical_and_between_0_and_1(self, one: list[str], other: list[str]) -> None:
        ratio = difference(words(" ".join(one)), words(" ".join(other)))
        assert ratio == difference(words(" ".join(other)), words(" ".join(one)))
        assert 0 <= ratio <= 1


def test_long_hypotheses_are_aligned_though_many_words_of_them_differ() -> None:
    committed = [Word(f"word{n}", n * 300, n * 300 + 250) for n in range(MAX_WORDS // 2)]
    heard = [replace(word, text=f"other{n}") if n % 3 == 0 else word for n, word in enumerate(committed)]
    more = [Word(f"more{n}", n * 300, n * 300 + 250) for n in range(MAX_WORDS // 2, MAX_WORDS)]
    assert within(committed, [*heard, *more], committed[-1].end) == len(committed)
    assert difference(committed, heard) == pytest.approx(1 / 3, abs=0.01)


def test_what_has_nothing_in_common_differs_wholly_however_long_it_is() -> None:
    one = [Word(f"one{n}", n, n + 1) for n in range(MAX_WORDS)]
    other = [Word(f"other{n}", n, n + 1) for n in range(MAX_WORDS // 2)]
    assert difference(one, other) == difference(other, one) == 1


def test_words_that_all_lie_at_the_frontier_are_few_to_compare() -> None:
    tail = [Word("la", 1000, 1001)] * 50
    said = [Word("la", 1000, 1001)] * MAX_WORDS + [Word("end", 5000, 5001)]
    assert across([*tail, Word("so", 1000, 1001)], said, 1000) <= MAX_WORDS
