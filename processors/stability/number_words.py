"""The words that make up the numbers of a language, by num2words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from num2words import CONVERTER_CLASSES, num2words

#: Numbers whose words make up the words of all others.
_SAMPLES = (*range(120), *range(200, 2000, 100), 2345, *(n * 10**e for e in (3, 5, 6, 9, 12) for n in (1, 2, 5)))
_KINDS = ("cardinal", "ordinal")
#: What may lose its first letter behind hundreds, or take that of theirs: seicentottanta.
_ELIDING = (8, *range(80, 90))
_HUNDRED, _THOUSAND = 100, 1000
#: Some languages have another form of it behind five: dwa tysiące, pięć tysięcy.
_POWERS = {n * 10**e for e in (2, 3, 6, 9, 12) for n in (1, 2, 5)}


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
    #: The numbers below a thousand, each in one word; and what in such a word multiplies what stands before it.
    spelled: Mapping[str, int] = {}
    powers: Mapping[str, int] = {}
    #: Whether ordinals in digits end with a full stop, as in German.
    dotted: bool = False

    def value(self, word: str) -> int | None:
        """The number below a million that is one word, as zweitausenddrei is; None where it is none."""
        if (value := self.spelled.get(word)) is not None:
            return value
        for name, power in self.powers.items():
            before, found, behind = word.partition(name)
            many = self.spelled.get(before) if before else 1
            rest = self.spelled.get(behind) if behind else 0
            if found and many and rest is not None:
                return many * power + rest
        return None


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
    points = set(_spoken(1.5, "cardinal", language)[1:-1]) - values.keys()
    links = {word for _, words in spoken for word in words} - heads
    multipliers: dict[str, int] = {}
    for number, words in spoken:
        if number in _POWERS and (factor := _factor(words, values, number)):
            multipliers[words[-1]] = number // factor
            if len(words) == 2:
                values.setdefault(words[0], factor)
    for word in heads:
        values.setdefault(word, None)
    signs = set(_spoken(-2, "cardinal", language)[:-1])
    links = (links | points) - values.keys()
    forms = getattr(CONVERTER_CLASSES[language], "CURRENCY_FORMS", {}).values()
    currencies = {name.casefold(): names[0].casefold() for parts in forms for names in parts for name in names}
    spelled, powers = _spelled(language)
    return Vocabulary(
        values=values,
        signs=signs - values.keys(),
        links=links,
        points=points,
        multipliers=multipliers,
        currencies=currencies,
        compound=_compound(language, values),
        spelled=spelled,
        powers=powers,
        dotted=_spoken(2, "ordinal_num", language)[-1:] == ("2.",),
    )


def _factor(words: Sequence[str], values: Mapping[str, int | None], number: int) -> int | None:
    """What the last word multiplies: one hundred, two million, un millón, or mille alone."""
    single = 1 if str(number).startswith("1") else None
    if len(words) == 1:
        return single
    return values.get(words[0], single) if len(words) == 2 else None


def _spelled(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """The numbers below a thousand in one word, and the words for a thousand and a hundred in such a one."""

    def whole(number: int, kind: str = "cardinal") -> str:
        return "".join(filter(str.isalnum, "".join(_spoken(number, kind, language))))

    below = [whole(number) for number in range(_HUNDRED)]
    spelled = {whole(number, "ordinal"): number for number in range(1, _HUNDRED)}
    for hundreds in range(_HUNDRED, _THOUSAND, _HUNDRED):
        # Asked for each, num2words takes a tenth of a second.
        before = whole(hundreds + 2).removesuffix(below[2])
        spelled |= {before + word: hundreds + number for number, word in enumerate(below)}
        spelled |= {whole(number): number for number in (hundreds, *(hundreds + n for n in _ELIDING))}
    # Of one hundred and one thousand, one is not always said, and looks another way in one word: einhundert.
    two, hundred, thousand = below[2], whole(_HUNDRED), whole(_THOUSAND)
    short = whole(2 * _HUNDRED).removeprefix(two)
    if hundred.endswith(short) and (first := hundred.removesuffix(short)):
        spelled |= {word.removeprefix(first): n for word, n in spelled.items() if _HUNDRED <= n < 2 * _HUNDRED}
        spelled.setdefault(first, 1)
    spelled |= {word: number for number, word in enumerate(below)}
    # Accents that a word has at its end alone: ventitré, but ventitremila.
    spelled = {_bare(word): number for word, number in spelled.items()} | spelled
    powers = {thousand: _THOUSAND, whole(2 * _THOUSAND).removeprefix(two): _THOUSAND, short: _HUNDRED}
    for words in (spelled, powers):
        words.pop("", None)
    return spelled, powers


def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


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


@lru_cache(maxsize=1 << 10)
def _spoken(number: float, kind: str, language: str) -> Sequence[str]:
    # Of some languages it knows no numbers beyond a thousand, or no ordinals, and says so in many ways.
    with suppress(Exception):
        said = str(num2words(number, lang=language, to=kind)).casefold()
        return tuple(said.replace("-", " ").replace(",", " ").split())
    return ()
