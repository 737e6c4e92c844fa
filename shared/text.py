"""Text as words: splitting, joining and comparing it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.models import Word

#: Marks that end a sentence, and those that end a clause.
SENTENCE_ENDS = frozenset(".?!…")
CLAUSE_ENDS = frozenset(",;:—–")

_TOKENS = re.compile(r"[^\W_]+(?:['’.\-_&@/][^\W_]+)*|[^\w\s]+|_+")


def tokens(text: str) -> list[str]:
    """Words and punctuation marks of `text` in order; an apostrophe or hyphen inside a word stays in it."""
    return _TOKENS.findall(text)


def normalise(text: str) -> str:
    """`text` in lower case, without punctuation, its white space folded: what the same words compare by."""
    return " ".join("".join(c if c.isalnum() else "" if c in "'’" else " " for c in text.casefold()).split())


def join(words: Iterable[Word]) -> str:
    """The words as one line: a space before a word, none before a punctuation mark."""
    parts: list[str] = []
    for word in words:
        if parts and not word.is_punctuation:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)
