"""What counts as a masked word, and what does not."""

from __future__ import annotations

import pytest

from processors.synthesize.masks import silenced

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Qué el *** es", "Qué el | es"),
        ("*** *** *** no", "| no"),
        ("* * * no", "| no"),
        ("“***”!", "“|”!"),
        ("a f***ing, sh** f**k", "a |, |"),
        ("***, *** and ***.", "|, | and |."),
        ("これは***です", "これは|です"),
        ("これは＊＊＊です", "これは|です"),
        ("he said ?$#@$ you", "he said | you"),
        ("price** is", "price| is"),
        ("5 * 3 is 15", "5 * 3 is 15"),
        ("a*b", "a*b"),
        ("", ""),
    ],
)
def test_masked_words_are_found(text: str, spoken: str) -> None:
    assert silenced(text, "|") == spoken
