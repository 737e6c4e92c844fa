"""Whether two wordings of one thing say other numbers or amounts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

import regex

from processors.stability.numerals import Numerals
from shared.alignment import spellings
from shared.models import Word

#: What groups the digits of a long number.
_GROUPING = regex.compile(r"(?<=\p{N})[,'’\s](?=\p{N}{3}(?!\p{N}))")
#: Signs of what is counted, which may be said as a word.
_UNITS = regex.compile(r"[\p{Sc}%‰°]")
_CURRENCIES = regex.compile(r"\p{Sc}")


def amounts_differ(one: Sequence[Word], other: Sequence[Word], numerals: Numerals) -> bool:
    """Whether the two say other numbers or amounts, or in another order, in the language of `numerals`.

    Numbers in digits are compared with their signs and marks, those in words by their words, and one with the other by
    their digits. That the one has a word for less than ten and the other has none in its place is no difference: it
    sounds like a word that is none (four, for).
    """
    if _currencies_differ(one, other, numerals) or _signs_differ(one, other):
        return True
    written, others_written = _written(one), _written(other)
    spelled, others_spelled = _spelled(one, numerals), _spelled(other, numerals)
    if not spelled and not others_spelled:
        return written != others_written
    texts, others = _texts(one), _texts(other)
    if bool(written) == bool(others_written):
        said, others_said = (*written, *spelled), (*others_written, *others_spelled)
        whole = all(map(str.isdecimal, (*written, *others_written)))
        if said == others_said or (written and whole and _same_digits(texts, others, numerals)):
            return False
    elif _same_digits(texts, others, numerals):
        return False
    gone, come = Counter(spelled) - Counter(others_spelled), Counter(others_spelled) - Counter(spelled)
    small = all(map(numerals.is_small, [*gone, *come]))
    return not (small and bool(gone) != bool(come) and written == others_written)


def _same_digits(one: Sequence[str], other: Sequence[str], numerals: Numerals) -> bool:
    return (digits := numerals.all_digits(one)) is not None and digits == numerals.all_digits(other)


def _texts(words: Sequence[Word]) -> list[str]:
    return list(filter(None, spellings(words)))


def _written(words: Sequence[Word]) -> tuple[str, ...]:
    """Numbers in digits, of any script, as they compare."""
    return tuple(
        _UNITS.sub("", _GROUPING.sub("", unicodedata.normalize("NFKC", word.text).casefold()))
        for word in words
        if any(map(str.isnumeric, word.text))
    )


def _spelled(words: Sequence[Word], numerals: Numerals) -> tuple[str, ...]:
    return tuple(text for text in _texts(words) if numerals.is_number(text) and not any(map(str.isnumeric, text)))


def _currencies_differ(one: Sequence[Word], other: Sequence[Word], numerals: Numerals) -> bool:
    """Whether both name currencies, and other ones."""
    named, others = (Counter(filter(None, map(numerals.currency, _texts(words)))) for words in (one, other))
    return bool(named) and bool(others) and named != others


def _signs_differ(one: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether both have signs of currencies, and other ones."""
    signs, others = (Counter(_CURRENCIES.findall(" ".join(word.text for word in words))) for words in (one, other))
    return bool(signs) and bool(others) and signs != others
