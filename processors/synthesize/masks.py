"""Masked words in a text that is to be spoken."""

from __future__ import annotations

import regex

#: How long (ms) nothing is said in the place of masked words.
PAUSE = 250

_STARS = r"[*＊∗⁎](?:\ ?[*＊∗⁎])+"
_LETTER = r"[\p{Lu}\p{Ll}]"
#: What a filter leaves of a word: stars, from some translators with blanks between, and perhaps a few letters before
#: them and some behind; and the mask of Amazon Translate. Several in a row are one pause.
_MASK = rf"(?:(?<!{_LETTER}){_LETTER}{{1,3}})?{_STARS}(?:{_LETTER}+(?![*＊∗⁎\p{{L}}]))?|\?\$\#@\$"
_MASKS = regex.compile(rf"(?:{_MASK})(?:\s+(?:{_MASK}))*")


def silenced(text: str, pause: str) -> str:
    """The text with `pause` in the place of masked words, which no engine shall read out."""
    return _MASKS.sub(pause, text)
