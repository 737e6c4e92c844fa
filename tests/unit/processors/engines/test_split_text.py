"""A long text is cut where it hurts least, and loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.engines.split_text import split_text

pytestmark = pytest.mark.hermetic


def size(text: str) -> int:
    return len(text.encode())


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("", 10, []),
        ("Good night.", 20, ["Good night."]),
        ("One. Two! Three?  Four.", 12, ["One. Two! ", "Three?  ", "Four."]),
        ('He said "Stop." Then he left.', 20, ['He said "Stop." ', "Then he left."]),
        ("一二。三四。", 10, ["一二。", "三四。"]),
        ("first line\nsecond line", 12, ["first line\n", "second line"]),
        ("a long sentence. Short.", 10, ["a long ", "sentence. ", "Short."]),
        ("é" * 5, 4, ["éé", "éé", "é"]),
        ("e\u0301" * 3, 4, ["e\u0301", "e\u0301", "e\u0301"]),
        ("3.5 is a number. Yes.", 17, ["3.5 is a number. ", "Yes."]),
    ],
)
def test_it_is_cut_at_sentences_then_at_words_then_at_letters(text: str, most: int, expected: list[str]) -> None:
    assert split_text(text, most, size) == expected


@given(st.text(st.sampled_from("ab é。.?! \n\u0301x😀"), max_size=120), st.integers(4, 40))
def test_pieces_are_small_enough_and_together_the_text(text: str, most: int) -> None:
    made = split_text(text, most, size)
    assert "".join(made) == text
    assert all(0 < size(piece) <= most for piece in made)
