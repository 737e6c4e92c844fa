"""The words that make up the numbers of a language, by num2words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from typing import NamedTuple

from num2words import CONVERTER_CLASSES, num2words

#: Numbers whose words make up the words of all others.
_SAMPLES = (*range(120), *range(200, 2000, 100), 2345, *(n * 10**e for e in (3, 5, 6, 9, 12) for n in (1, 2)))
_KINDS = ("cardinal", "ordinal")
_HUNDRED = 100
_POWERS = {n * 10**e for e in (2, 3, 6, 9, 12) for n in (1, 2)}


class Vocabulary(NamedTuple):
    """The words that make up a language's numbers; the value of each that is one by itself, else None."""

    values: Mapping[str, int | None] = {}
    signs: Set[str] = frozenset()
    links: Set[str] = frozenset()
    #: Links that part a fraction from what it is a fraction of.
    points: Set[str] = frozenset()
    multipliers: Mapping[str, int] = {}
    #: What each name of a currency is in the singular.
    currencies: Mapping[str, str] = {}
    #: What matches a number that is written as one word, where a language writes them so.
    compound: re.Pattern[str] | None = None


def vocabulary(language: str) -> Vocabulary:
    """That of the language (ISO 639-1); empty where num2words does not know it."""
    if language not in CONVERTER_CLASSES:
        return Vocabulary()
    spoken = [(number, words) for kind in _KINDS for number in _SAMPLES if (words := _spoken(number, kind, language))]
    values: dict[str, int | None] = {}
    for number, words in spoken:
        if len(words) == 1:
            values.setdefault(words[0], number)
    heads = {word for _, words in spoken for word in (words[0], words[-1])}
    points = set(_spoken(1.5, "cardinal", language)[1:-1])
    links = {word for _, words in spoken for word in words} - heads
    multipliers = {
        words[-1]: number // factor
        for number, words in spoken
        if number in _POWERS and (factor := _factor(words, values, number))
    }
    for word in heads:
        values.setdefault(word, None)
    signs = set(_spoken(-2, "cardinal", language)[:-1])
    links = (links | points) - values.keys()
    forms = getattr(CONVERTER_CLASSES[language], "CURRENCY_FORMS", {}).values()
    currencies = {name.casefold(): names[0].casefold() for parts in forms for names in parts for name in names}
    compound = _compound(language, values)
    return Vocabulary(values, signs - values.keys(), links, points, multipliers, currencies, compound)


def _factor(words: Sequence[str], values: Mapping[str, int | None], number: int) -> int | None:
    """What the last word multiplies: one hundred, two million, or mille alone."""
    if len(words) == 1:
        return 1 if str(number).startswith("1") else None
    return values.get(words[0]) if len(words) == 2 else None


def _compound(language: str, values: Mapping[str, int | None]) -> re.Pattern[str]:
    """Numbers one behind the other in one word, as in twenty-five, and as German, Italian and Dutch have them all."""
    one, two, *products = (
        "".join(_spoken(number, "cardinal", language)) for number in (1, 2, 2 * _HUNDRED, 20 * _HUNDRED)
    )
    multipliers = {product.removeprefix(two) for product in products if product in values and product.startswith(two)}
    # Before a multiplier the word for one loses its ending: eins, but einhundert.
    first = {one[:3]} if multipliers else set()
    parts = sorted(map(re.escape, {*values, *multipliers, *first}), key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(parts)})+")


def _spoken(number: float, kind: str, language: str) -> list[str]:
    # Of some languages it knows no numbers beyond a thousand, or no ordinals, and says so in many ways.
    with suppress(Exception):
        return str(num2words(number, lang=language, to=kind)).casefold().replace("-", " ").replace(",", " ").split()
    return []
