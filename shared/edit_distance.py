"""How far two lines of words are apart: the word-level Levenshtein distance, numbers and compounds read as one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise

#: How many words one line may have more than the other, up to any word, for both to be compared there.
_BAND = 64
#: Words of the longest number that is compared as one.
LONGEST = 16
#: Of how many words that are numbers each is so long at the most: those of a countdown or a list are short ones.
_MANY, _SHORT = 64, 3
#: The digits that words make up where they are a number, in whatever writing; None where they are none.
Digits = Callable[[Sequence[str]], str | None]


def no_digits(_: Sequence[str]) -> str | None:
    """Where nobody knows numbers."""
    return None


def reach(known: Sequence[str], digits: Digits = no_digits) -> int:
    """How many words a line may have that is no further from `known` than the empty one is.

    Each word of `known` spares another one; those that are a number stand for as many as a number has.
    """
    return 2 * sum(LONGEST if digits((text,)) else 1 for text in known)


def distances(known: list[str], texts: list[str], digits: Digits = no_digits) -> list[int]:
    """The edit distance of `known` to each prefix of `texts`, the empty one first; one number costs nothing.

    It is exact where it is below `_BAND`; what is further apart than that has nothing in common, and takes no longer.
    """
    far = len(known) + len(texts)
    pairs = [""] + [one + other for one, other in pairwise(texts)]
    numbers = _rewritten(known, texts, digits)
    rows = [list(range(len(texts) + 1))]
    for i, word in enumerate(known):
        row, above = rows[-1], rows[-2] if i else []
        pair = known[i - 1] + word if i else ""
        first, last = max(0, i - _BAND), min(len(texts), i + _BAND)
        below, rewritten = [far] * (len(texts) + 1), numbers[i]
        if not first:
            below[0] = i + 1
        for j in range(first, last):
            text = texts[j]
            cost = row[j] if word == text else 1 + min(row[j], row[j + 1], below[j])
            if word == pairs[j]:
                cost = min(cost, row[j - 1])
            if pair == text:
                cost = min(cost, above[j])
            if j in rewritten:
                cost = min(cost, *(rows[begin][other] for begin, other in rewritten[j]))
            below[j + 1] = cost
        rows.append(below)
    return rows[-1]


def _rewritten(known: list[str], texts: list[str], digits: Digits) -> list[dict[int, list[tuple[int, int]]]]:
    """For each known word the texts that end the number which it ends, written otherwise: where each begins."""
    found: list[dict[int, list[tuple[int, int]]]] = [{} for _ in known]
    numbers = _numbers(known, digits)
    if not numbers:
        return found
    ends: dict[str, list[tuple[int, int]]] = {}
    for number, begin, last in _numbers(texts, digits):
        ends.setdefault(number, []).append((last, begin))
    for number, begin, last in numbers:
        places = ends.get(number, [])
        for at in range(bisect_left(places, (last - _BAND, 0)), bisect_left(places, (last + _BAND, 0))):
            other_last, other = places[at]
            # Of numbers of as many words each word is compared by itself.
            if last - begin != other_last - other or (begin == last and known[last] != texts[other]):
                found[last].setdefault(other_last, []).append((begin, other))
    return found


def _numbers(texts: Sequence[str], digits: Digits) -> list[tuple[str, int, int]]:
    """The numbers among the texts: the digits of each, its first and its last."""
    # A number may have the name of its currency behind it.
    lasts = [
        last
        for last in range(len(texts))
        if digits(texts[last : last + 1]) or digits(texts[max(0, last - 1) : last + 1])
    ]
    longest = LONGEST if len(lasts) <= _MANY else _SHORT
    return [
        (number, first, last)
        for last in lasts
        for first in range(last, max(-1, last - longest), -1)
        if (number := digits(texts[first : last + 1]))
    ]
