"""Text as words and back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.models import Word
from shared.text import ends_clause, ends_sentence, is_title, join, normalise, tokenise, tokens
from tests.support.effort import tries
from tests.unit.shared.records import TEXT

pytestmark = pytest.mark.hermetic

_WORD = st.from_regex(r"[A-Za-zéñç0-9]+(['’-][A-Za-zéñç]+)?", fullmatch=True)
#: A title keeps its full stop: together they are one word.
_MARKED = st.tuples(_WORD, st.sampled_from(["", ",", ".", "?!", "…"])).filter(
    lambda marked: not (is_title(marked[0]) and marked[1] == ".")
)
_LINE = st.lists(_MARKED, max_size=8)


def words(texts: list[str]) -> list[Word]:
    return [Word(text, 0, 1) for text in texts]


def joined(text: str) -> str:
    return join(Word(token.text, 0, 1, spaced=token.spaced) for token in tokenise(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, world.", ["Hello", ",", "world", "."]),
        ("don't stop—now!", ["don't", "stop", "—", "now", "!"]),
        ("state-of-the-art 3.14 a_b", ["state-of-the-art", "3.14", "a_b"]),
        ("¿Qué?", ["¿", "Qué", "?"]),
        # A number, an amount, a time, an abbreviation and an address are one word.
        ("MR. Mr, st.", ["MR.", "Mr", ",", "st."]),
        ("It costs $5.50.", ["It", "costs", "$5.50", "."]),
        ("10,500 or -5, 50% at 3:30 p.m.", ["10,500", "or", "-5", ",", "50%", "at", "3:30", "p.m."]),
        ("#1 of AT&T, the 5th", ["#1", "of", "AT&T", ",", "the", "5th"]),
        ("a.b@c.org, https://c.org/d?e=1.", ["a.b@c.org", ",", "https://c.org/d?e=1", "."]),
        ("今日は。ルーム", ["今", "日", "は", "。", "ルーム"]),
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


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5.50.",
        "It cost 10,500 dollars.",
        "Meet at 3:30 p.m.",
        "We paid €5 and £10.",
        'She said, "Hello there."',
        "R&D at AT&T & Co.",
        "The temperature is -5 degrees.",
        "He (the mayor) left.",
        "Number #1 song.",
        "¿Qué pasa? ¡Nada!",
        "I — well, no.",
        "rock 'n' roll in the '90s",
        "« Oui », dit-il ; 10 € !",
        "„Nein“, sagte er – doch.",
        "今日はとてもいい天気です。明日も？",
    ],
)
def test_what_was_said_keeps_its_spacing(text: str) -> None:
    assert joined(text) == text


#: What people say and recognisers write.
_SAID = """hello don't l'eau Straße ¿qué? ¡no! $5.50 €1,000.00 10,500 3:30 p.m. e.g. Mr. Dr. -5 #1 50% 5°C 1/2 (the mayor)
"there." “yes” «oui» „nein“ ‘so’ — – … state-of-the-art well-known x@y.org www.z.org/a?b=1 https://z.org/ AT&T
R&D 'n' '90s no, yes; then: end! 今日は 。 ルーム नमस्ते। مرحبا، Ի՞նչ a_b C++ 🙂"""
_PIECES = st.sampled_from(_SAID.split())


@given(st.lists(st.tuples(_PIECES, st.sampled_from(["", " "])), max_size=12))
@settings(max_examples=tries(1000))
def test_texts_of_all_kinds_keep_their_spacing(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + space for piece, space in pieces).strip()
    assert joined(text) == text


@given(st.text(TEXT))
def test_any_text_keeps_its_spacing(text: str) -> None:
    assert joined(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Hello", ",", "world", "."], "Hello, world."),
        (["¿", "Qué", "?", "He", "(", "too", ")", "."], "¿Qué? He (too)."),
        (["今日", "は", "。", "明日", "も"], "今日は。明日も"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["안녕", "하세요"], "안녕 하세요"),
    ],
)
def test_where_nobody_knows_its_spacing_it_is_that_of_the_script(texts: list[str], expected: str) -> None:
    assert join(words(texts)) == expected


@pytest.mark.parametrize("mark", [*".?!…。！？؟۔।։።።", "\u037e", "?!", '."'])
def test_marks_of_every_script_end_sentences(mark: str) -> None:
    assert ends_sentence(mark)
    assert not ends_clause(mark.strip('"'))


@pytest.mark.parametrize("mark", [*",;:—–、，；،؛՝", "\u0387"])
def test_marks_of_every_script_end_clauses(mark: str) -> None:
    assert ends_clause(mark)
    assert not ends_sentence(mark)


@pytest.mark.parametrize("mark", [*"\"'()«»“”¿¡%&#"])
def test_other_marks_end_nothing(mark: str) -> None:
    assert not ends_sentence(mark)
    assert not ends_clause(mark)


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
