"""Text as words: splitting, joining and comparing it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import regex

from shared.models import MASK, Word

#: A full stop behind these belongs to the word and ends no sentence.
_ABBREVIATIONS = r"(?:mr|mrs|ms|dr|prof|st|jr|sr|vs)"
_TITLE = regex.compile(_ABBREVIATIONS, regex.IGNORECASE)

#: What ends a sentence and what ends a clause, in every script: Unicode's properties (UAX #29, UAX #44), and what those
#: leave to languages, which is the ellipsis and the Greek question mark.
_SENTENCE = r"\p{Sentence_Terminal}\u2026\u037e"
_SENTENCE_END = regex.compile(rf"[{_SENTENCE}]")
_CLAUSE_END = regex.compile(rf"[\p{{Terminal_Punctuation}}\p{{Sentence_Break=SContinue}}--[{_SENTENCE}]]", regex.V1)

#: Scripts that put no space between words, with the punctuation that is theirs alone.
_UNSPACED = r"\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\uff01-\uff60"
_ENDS_UNSPACED = regex.compile(rf"[{_UNSPACED}]\p{{M}}*\Z")
_BEGINS_UNSPACED = regex.compile(rf"[{_UNSPACED}]")
#: What stands close to the word behind it.
_OPENS = regex.compile(r"[\p{Ps}\p{Pi}¿¡]\Z")
_QUOTES = regex.compile(r"\p{Quotation_Mark}+")

#: Letters and digits of a word, with the signs that combine with them, in scripts whose words can be told apart.
_LETTER = r"[[\w\p{N}\u200c\u200d]--[\p{Pc}\p{Han}\p{Hiragana}]]"
#: One word or run of marks. An address, a number, an amount, a time and an abbreviation are one word, and so is each
#: ideograph, since nothing says where their words end.
_TOKEN = regex.compile(
    rf"""
      \p{{L}}+://[^\s<>"]*[\w/]
    | [\w.+-]*\w@[\w-]+(?:\.[\w-]+)+
    | (?:(?<![\w)])[-+−])?[\p{{Sc}}\#№]?\p{{N}}{_LETTER}*(?:[.,:'’\-/&@_]{_LETTER}+)*[%‰°\p{{Sc}}]*
    | \b(?:\p{{L}}\.){{2,}}
    | \b{_ABBREVIATIONS}\.
    | [\p{{Han}}\p{{Hiragana}}]\p{{M}}*
    | {_LETTER}+(?:['’.\-_&@/]{_LETTER}+)*
    | \p{{Pc}}+
    | (?:(?![\p{{Sc}}\#№]\p{{N}})[^\w\s\x1c-\x1f])+
    """,
    regex.V1 | regex.VERBOSE | regex.IGNORECASE,
)


class Token(NamedTuple):
    """A word or a run of marks; `spaced` as in Word: None where white space stands before it just as is usual."""

    text: str
    spaced: bool | None


def tokenise(text: str) -> list[Token]:
    """The words and marks of `text` in order; joined, they are the text again, each white space in it one blank."""
    split: list[Token] = []
    for found in _TOKEN.finditer(text):
        item, spaced = found.group(), text[found.start() - 1 : found.start()].isspace()
        usual = not split or spaced == _usual(split[-1].text, item)
        split.append(Token(item, None if usual else spaced))
    return split


def tokens(text: str) -> list[str]:
    """The texts of its tokens."""
    return [token.text for token in tokenise(text)]


@lru_cache(maxsize=1 << 10)
def ends_sentence(marks: str) -> bool:
    """Whether one of these marks ends a sentence, in whatever script."""
    return _SENTENCE_END.search(marks) is not None


def is_title(word: str) -> bool:
    """Whether a full stop behind the word belongs to it, as in Mr. and St."""
    return _TITLE.fullmatch(word) is not None


@lru_cache(maxsize=1 << 10)
def ends_clause(marks: str) -> bool:
    """Whether one of these marks ends a clause that is no sentence."""
    return _CLAUSE_END.search(marks) is not None


def opens(mark: Word) -> bool:
    """Whether a mark belongs to the word behind it: a bracket, ¿ or ¡, a quote that a space stands before."""
    return _OPENS.search(mark.text) is not None or (mark.spaced is True and _QUOTES.fullmatch(mark.text) is not None)


def normalise(text: str) -> str:
    """`text` in lower case, without punctuation, its white space folded: what the same words compare by."""
    composed = unicodedata.normalize("NFC", text.casefold())
    kept = (c if c.isalnum() or _is_mark(c) else "" if c in "'’" else " " for c in composed)
    return " ".join("".join(kept).split())


def join(words: Iterable[Word]) -> str:
    """The words as one line, with a space where one stood.

    Where nobody knows: before a word and before an opening mark, but not behind one, and not beside a word of a
    script that puts none there.
    """
    parts: list[str] = []
    for word in words:
        if parts and (_usual(parts[-1], word.text) if word.spaced is None else word.spaced):
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def _usual(before: str, text: str) -> bool:
    """Whether a space is to be expected between the two."""
    if _OPENS.search(before) or _ENDS_UNSPACED.search(before) or _BEGINS_UNSPACED.match(text):
        return False
    return text == MASK or any(map(str.isalnum, text)) or _OPENS.match(text) is not None


def _is_mark(character: str) -> bool:
    """True for what combines with the letter before it, and for the joiners inside of a word."""
    return character in "\u200c\u200d" or unicodedata.category(character).startswith("M")
