"""Lines that fit a screen in every script, and cut no letter."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from sinks.files.cues import LINE, LINES, Spoken, cues
from sinks.files.lines import columns, wrapped

pytestmark = pytest.mark.hermetic

THAI = "สวัสดีครับวันนี้เราจะมาพูดคุยกันเกี่ยวกับการแปลภาษาแบบเรียลไทม์ซึ่งเป็นเทคโนโลยีที่น่าสนใจมาก"
JAPANESE = "本日は皆様お忙しい中お集まりいただき誠にありがとうございます。これから新しい製品についてご説明いたします。"
HINDI = "आज हम वास्तविक समय में अनुवाद के बारे में बात करेंगे जो एक बहुत ही रोचक तकनीक है"
FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    "text",
    [
        THAI,
        JAPANESE,
        HINDI,
        "x" * 38 + FAMILY + " ok",
        FAMILY * 20,
        "e\u0301" * 100,
        "🇪🇸" * 30,
        "한국어는 띄어쓰기를 합니다 " * 5,
    ],
)
def test_lines_fit_and_cut_no_letter(text: str) -> None:
    made = [line for cue in cues(Spoken(text, 0, 8000), 0) for line in cue.lines]
    assert "".join(made).replace(" ", "") == text.replace(" ", "")
    assert all(wcswidth(line) <= LINE for line in made)
    letters = regex.findall(r"\X", text.replace(" ", ""))
    assert [letter for line in made for letter in regex.findall(r"\X", line.replace(" ", ""))] == letters


def test_wide_letters_take_two_columns() -> None:
    assert wrapped("あ" * 43, LINE) == ["あ" * 21, "あ" * 21, "あ"]
    assert columns("あa") == 3


@pytest.mark.parametrize("at", range(15, 24))
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(at: int) -> None:
    for text in ("字" * at + "。字字", "字" * at + "「字」字", "字" * at + "ッー々字", "字" * at + "（字）、字"):
        lines = wrapped(text * 3, LINE)
        assert "".join(lines) == text * 3
        assert not [line for line in lines if line[0] in "。」ッー々）、" or line[-1] in "「（"]
        assert all(wcswidth(line) <= LINE for line in lines)


def test_a_word_of_a_script_with_spaces_is_whole_unless_it_is_longer_than_a_line() -> None:
    assert wrapped("internationalisation of telecommunications " * 2, 30) == [
        "internationalisation of",
        "telecommunications",
        "internationalisation of",
        "telecommunications",
    ]
    assert wrapped("a " + "b" * 50, LINE) == ["a", "b" * 42, "b" * 8]
    assert wrapped("well-known (words), and 1,000.50", 12) == ["well-known", "(words), and", "1,000.50"]


def test_a_line_may_end_where_scripts_meet_and_keeps_the_space_that_was_there() -> None:
    assert wrapped("新しい Kinesis の流れ", LINE) == ["新しい Kinesis の流れ"]
    assert wrapped("新しいKinesisの流れ", 8) == ["新しい", "Kinesis", "の流れ"]


def test_a_thai_vowel_stays_with_its_consonant() -> None:
    lines = [line for most in range(4, 20) for line in wrapped(THAI, most)]
    assert not [line for line in lines if line[-1] in "เแโใไ" or line[0] in "ะาำๆ"]


def test_an_empty_text_has_no_lines() -> None:
    assert wrapped(" \n ", LINE) == []
    assert list(cues(Spoken("", 0, 1000), 0)) == []


@given(st.text(max_size=200), st.integers(4, 50))
def test_any_text_is_whole_in_its_lines(text: str, most: int) -> None:
    lines = wrapped(text, most)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert line == line.strip()
        assert columns(line) <= most or len(regex.findall(r"\X", line)) == 1


@given(st.text(st.characters(categories=["Lo", "Ll", "Mn", "Po", "Zs"]), min_size=1, max_size=300))
def test_cues_of_any_text_follow_one_another(text: str) -> None:
    made = list(cues(Spoken(text, 100, 200), 50))
    assert all(1 <= len(cue.lines) <= LINES and cue.start < cue.end for cue in made)
    assert [cue.end for cue in made[:-1]] == [cue.start for cue in made[1:]]
    assert bool(made) == bool(text.split())
