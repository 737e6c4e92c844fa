"""Text as words: splitting, joining and comparing it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from shared.models import Word

#: Marks that end a sentence, and those that end a clause.
SENTENCE_ENDS = frozenset(".?!…")
CLAUSE_ENDS = frozenset(",;:—–")

#: A full stop behind these belongs to the word and ends no sentence.
_ABBREVIATIONS = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs"})

_TOKENS = re.compile(r"[^\W_]+(?:['’.\-_&@/][^\W_]+)*|[^\w\s]+|_+")


def tokens(text: str) -> list[str]:
    """Words and punctuation marks of `text` in order.

    An apostrophe or hyphen inside a word stays in it, and so does the full stop of an abbreviation such as `Mr.`
    """
    # Vowel signs and accents of their own belong to their word, but the pattern knows letters alone.
    letters = text if text.isascii() else "".join("x" if _is_mark(c) else c for c in text)
    split: list[str] = []
    for found in _TOKENS.finditer(letters):
        item = text[found.start() : found.end()]
        if item == "." and split and split[-1].casefold() in _ABBREVIATIONS:
            split[-1] += item
        else:
            split.append(item)
    return split


def normalise(text: str) -> str:
    """`text` in lower case, without punctuation, its white space folded: what the same words compare by."""
    composed = unicodedata.normalize("NFC", text.casefold())
    kept = (c if c.isalnum() or _is_mark(c) else "" if c in "'’" else " " for c in composed)
    return " ".join("".join(kept).split())


def join(words: Iterable[Word]) -> str:
    """The words as one line: a space before a word, none before a punctuation mark."""
    parts: list[str] = []
    for word in words:
        if parts and not word.is_punctuation:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def _is_mark(character: str) -> bool:
    """True for what combines with the letter before it, and for the joiners inside of a word."""
    return character in "\u200c\u200d" or unicodedata.category(character).startswith("M")
