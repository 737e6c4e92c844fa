"""Text as words and back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models import Word
from shared.text import join, normalise, tokens
from tests.unit.shared.records import TEXT

_WORD = st.from_regex(r"[A-Za-zéñç0-9]+(['’-][A-Za-zéñç]+)?", fullmatch=True)
_LINE = st.lists(st.tuples(_WORD, st.sampled_from(["", ",", ".", "?!", "…"])), max_size=8)


def words(texts: list[str]) -> list[Word]:
    return [Word(text, 0, 1) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, world.", ["Hello", ",", "world", "."]),
        ("don't stop—now!", ["don't", "stop", "—", "now", "!"]),
        ("state-of-the-art 3.14 a_b", ["state-of-the-art", "3.14", "a_b"]),
        ("¿Qué?", ["¿", "Qué", "?"]),
        # Accents and vowel signs that are characters of their own stay in their word.
        ("cafe\u0301s, hola", ["cafe\u0301s", ",", "hola"]),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया", "।"]),
    ],
)
def test_words_and_marks_in_order(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_a_masked_word_stands_apart_as_the_word_does_that_it_masks() -> None:
    assert join(words(["thank", "you", "***", "."])) == "thank you ***."


@given(_LINE)
def test_a_line_that_is_joined_is_split_into_the_same_words(line: list[tuple[str, str]]) -> None:
    texts = [text for pair in line for text in pair if text]
    assert tokens(join(words(texts))) == texts


@given(st.text(TEXT))
def test_nothing_but_white_space_is_lost_in_splitting(text: str) -> None:
    assert "".join(tokens(text)) == "".join(text.split())


@given(_LINE)
def test_the_same_words_compare_equal_whatever_their_case_marks_and_spaces(line: list[tuple[str, str]]) -> None:
    plain = " ".join(text for text, _ in line)
    shouted = "\n ".join(f"“{text.upper()}”{mark}" for text, mark in line)
    assert normalise(shouted) == normalise(plain)


@given(st.text(TEXT))
def test_normal_text_is_its_own_normal_form(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_other_words_compare_unequal() -> None:
    assert normalise("It's 5 o'clock.") == "its 5 oclock"
    assert normalise("CAFÉ") == normalise(unicodedata.normalize("NFD", "café"))
    # These differ in their vowel signs alone.
    assert normalise("की") != normalise("का")


def test_the_full_stop_of_an_abbreviation_ends_no_sentence() -> None:
    assert tokens("Mr. Hyde met Dr. Jekyll.") == ["Mr.", "Hyde", "met", "Dr.", "Jekyll", "."]
