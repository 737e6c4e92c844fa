"""Words that a recogniser merges into one when the first of them are committed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from heapq import nsmallest

from processors.stability.numerals import Numerals
from shared.alignment import NEAR, NEAREST, spelling, spellings
from shared.edit_distance import LONGEST
from shared.models import Word


def split_merged(
    committed: Sequence[Word], expected: Sequence[Word], hypothesis: tuple[Word, ...], numerals: Numerals
) -> tuple[Word, ...]:
    """The hypothesis; where it merges words of which the first are committed, with those in place of the merged one.

    `committed` and `expected` are words, up to the frontier and behind it. Of a run of digits whose end was not heard
    yet, the digits that were committed are split off.
    """
    last, best = committed[-1], hypothesis
    near = [
        place
        for place, item in enumerate(hypothesis)
        if item.start <= last.end + NEAR and item.end >= last.start - NEAR
    ]
    nearest = float("inf")
    for place in nsmallest(NEAREST, near, key=lambda place: abs(hypothesis[place].midpoint - last.end)):
        item = hypothesis[place]
        split = _merged_words(item, committed, expected, numerals) or _cut(item, committed, numerals)
        distance = abs(split[0].start + split[-1].end - 2 * item.midpoint) if split else nearest
        if distance < nearest:
            nearest = distance
            halves = [replace(word, stable=item.stable) for word in split]
            best = (*hypothesis[:place], *halves, *hypothesis[place + 1 :])
    return best


def _merged_words(item: Word, committed: Sequence[Word], expected: Sequence[Word], numerals: Numerals) -> list[Word]:
    """The last of `committed` and the first of `expected` that the item is in one; none where none are."""
    whole, before, behind = spelling(item.text), spellings(committed[-LONGEST:]), spellings(expected[:LONGEST])
    for known in range(len(before), 0, -1):
        for upcoming in range(min(len(behind), LONGEST - known) + 1):
            if numerals.alike(whole, [*before[-known:], *behind[:upcoming]]):
                named = upcoming < len(behind) and _has_sign(item) and numerals.currency(behind[upcoming])
                if split := expected[: upcoming + bool(named)]:
                    return [*committed[-known:], *split]
    return []


def _has_sign(item: Word) -> bool:
    """Whether it has the sign of a currency."""
    return "Sc" in map(unicodedata.category, item.text)


def _cut(item: Word, committed: Sequence[Word], numerals: Numerals) -> list[Word]:
    """The last of `committed` that are its first digits, and the digits behind them; none where none are.

    They begin where it does: the digit before a number is no part of it.
    """
    last = committed[-1]
    if item.end <= last.end:
        return []
    texts = spellings(committed[-LONGEST:])
    for known in range(len(texts), 0, -1):
        rest = numerals.behind(item.text, texts[-known:])
        if rest and abs(item.start - committed[-known].start) < abs(item.start - last.end):
            return [*committed[-known:], replace(item, text=rest, start=max(item.start, last.end), spaced=None)]
    return []
