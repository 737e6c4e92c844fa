from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.transcribe.word_times import spread_words
from shared.models import Word
from shared.text import tokens

pytestmark = pytest.mark.hermetic

TEXTS = st.text(st.sampled_from("ab Zé'.,?!-3 "), max_size=60)
TIMES = st.integers(0, 60_000)


@given(TEXTS, TIMES, TIMES, TEXTS)
def test_words_never_go_backwards_nor_out_of_their_line(text: str, start: int, length: int, earlier: str) -> None:
    previous = spread_words(earlier, start, start + length)
    words = spread_words(text, start, start + length, previous)
    edges = [start, *(edge for word in words for edge in (word.start, word.end)), start + length]
    assert edges == sorted(edges)
    assert [letter for word in words for letter in word.text] == [letter for item in tokens(text) for letter in item]
    assert all(word.start == word.end for word in words if word.is_punctuation)


def test_words_are_as_long_as_their_letters() -> None:
    assert spread_words("Yes, sir", 1000, 1600) == (
        Word("Yes", 1000, 1300),
        Word(",", 1300, 1300),
        Word("sir", 1300, 1600),
    )


def test_words_that_stay_keep_their_times() -> None:
    before = spread_words("It was the", 0, 800)
    after = spread_words("It was the best of times.", 0, 3000, before)
    assert after[:2] == before[:2]
    assert after[2].start == before[1].end
    assert after[-2].end == 3000


def test_a_line_cut_short_drops_the_times_beyond_its_end() -> None:
    before = spread_words("one two three four", 0, 4000)
    assert spread_words("one two three", 0, 1500, before)[-1].end == 1500


def test_the_full_stop_of_a_title_ends_no_sentence() -> None:
    assert [word.text for word in spread_words("And Mr. John.", 0, 900)] == ["And", "Mr.", "John", "."]
