from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clean import clean

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("red \x1b[31mfish\x1b[0m and \x1b[38;5;12mblue", "red fish and blue"),
        ("a\x9b2Jb", "ab"),
        ("\x1b]0;title\x07a\x1b]52;c;ZWNobw==\x1b\\b\x9d2;title\x9cc", "abc"),
        ("see \x1b]8;;https://evil.test\x1b\\here\x1b]8;;\x1b\\", "see here"),
        ("\x1bP1$r0m\x1b\\a\x90q#0\x9cb\x1b_apc\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e", "abcde"),
        ("a\x1bcb\x1b(Bc\x1b7d\x1bMe", "abcde"),
        # Cut short: nothing says how far a string was to reach.
        ("a\x1b[31", "a"),
        ("a\x1b", "a"),
        ("a\x1b]0;all the rest", "a0;all the rest"),
        # One in another leaves none behind.
        ("\x1b\x1b[2J[31mx", "[31mx"),
        ("nul \x00 bell \x07 delete \x7f", "nul  bell  delete "),
        ("one\ntwo\r\nthree\u2028four\u2029five\x85six\tseven\vend", "one two three four five six seven end"),
        ("user\u202etxt.exe\u202c \u2066isolate\u2069", "usertxt.exe isolate"),
        ("lone \ud83d surrogate \udce9", "lone  surrogate "),
    ],
)
def test_what_a_terminal_or_a_file_would_obey_is_gone(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Good morning, [red]everyone[/red] & <all>: 1 --> 2 \\ {x}",
        "¿Qué tal? Ça va, naïve Zoë",
        "می‌خواهم",
        "שלום \u200fworld\u200e!",
        "क्‍ष",
        "日本語、テキスト。",
        "👩‍👩‍👧 🏳️‍🌈 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "non\u00a0breaking soft\u00adhyphen",
    ],
)
def test_ordinary_text_of_every_script_stays(text: str) -> None:
    assert clean(text) == text


@given(st.text(st.characters() | st.sampled_from("\x1b\x9b\x9d\x90[]\\;m\x07\n0")))
def test_whatever_comes_is_one_line_that_can_be_written_and_needs_no_cleaning(text: str) -> None:
    shown = clean(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    assert clean(shown) == shown
