"""What belongs to one number, amount or time, as people say it and as recognisers write it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache
from operator import and_
from string import digits

from processors.stability.counting import Count
from processors.stability.number_words import vocabulary

_TEN, _HUNDRED = 10, 100


class Role(Enum):
    """What a word may be in a number."""

    NUMBER = auto()
    #: Hundred, thousand, million: it multiplies what stands before it.
    MULTIPLIER = auto()
    #: Before a number, as `minus` is.
    SIGN = auto()
    #: Between two parts of one number, as `and` and `point` are.
    LINK = auto()
    #: A letter that is spelled, as those of an abbreviation are.
    LETTER = auto()
    OTHER = auto()


_NUMBERS = (Role.NUMBER, Role.MULTIPLIER)


class Numerals:
    """Tells, in one language, which words are parted by no decision.

    The words are those that num2words knows; of a language that it does not know, digits and letters alone. Words are
    given as they compare (`shared.alignment.spelling`).
    """

    def __init__(self, language: str) -> None:
        self._known = vocabulary(language)
        self.role = lru_cache(maxsize=1 << 12)(self._role)

    def joined(self, words: Sequence[str], cut: int) -> bool:
        """Whether the words before and behind `cut` belong together; where none stands behind it, whether one may.

        A number and the word behind it do, for that may be what is counted, or a part of the day; and so does a
        number behind that one: two dollars fifty, five past three.
        """
        if not 0 < cut <= len(words):
            return False
        before, behind = self.role(words[cut - 1]), self._at(words, cut)
        goes_on = behind is None or behind in _NUMBERS
        if before in _NUMBERS or (before is Role.SIGN and goes_on):
            return True
        if before is Role.LETTER and behind in (None, Role.LETTER):
            return True
        if cut == 1 or self.role(words[cut - 2]) not in _NUMBERS:
            return before is Role.LINK and goes_on and self.joined(words[: cut - 1], cut - 1)
        return goes_on or (behind is Role.LINK and self._at(words, cut + 1) in (None, *_NUMBERS))

    def groups(self, words: Sequence[str], cut: int) -> bool:
        """Whether `cut` lies between two numbers that make no third: of a countdown, a card's digits, a list."""
        if not 0 < cut < len(words) or self.role(words[cut]) is not Role.NUMBER:
            return False
        before, behind = words[cut - 1], words[cut]
        if self.role(before) is not Role.NUMBER:
            return self.role(before) is Role.OTHER
        first, second = self._known.values.get(before), self._known.values.get(behind)
        if first is None or second is None or first < _TEN:
            return True
        unit = first >= 2 * _TEN and first % _TEN == 0 and 0 < second < _TEN
        year = second >= _TEN
        return not (unit or year)

    def digits(self, words: Sequence[str]) -> str | None:
        """The digits of the numbers that the words say one behind the other; None where they say anything else.

        It is one text for all ways of writing: 250 for two dollars fifty, and for 2.50. One word may stand between.
        """
        if self.role(words[0]) not in (*_NUMBERS, Role.SIGN) or self.role(words[-1]) not in _NUMBERS:
            return None
        others = [self.role(word) is Role.OTHER for word in words]
        return None if any(map(and_, others, others[1:])) else self.all_digits(words)

    def all_digits(self, words: Sequence[str]) -> str | None:
        """The digits of all numbers among the words; None where one is not understood."""
        count = Count()
        for word in words:
            if word in self._known.points:
                count.end()
            elif word in self._known.multipliers:
                count.multiply(self._known.multipliers[word])
            elif (value := self._known.values.get(word)) is not None:
                count.add(value)
            elif word[0].isdecimal():
                count.write("".join(filter(str.isdecimal, word)))
            elif self.role(word) is Role.NUMBER:
                return None
            elif self.role(word) is Role.OTHER:
                count.end()
        return count.digits

    def is_number(self, word: str) -> bool:
        """Whether it is a number, or multiplies one."""
        return self.role(word) in _NUMBERS

    def is_small(self, word: str) -> bool:
        """Whether it is a word for a number below ten."""
        value = self._known.values.get(word)
        return value is not None and value < _TEN

    def currency(self, word: str) -> str | None:
        """The currency that the word names, in the singular."""
        names = self._known.currencies
        # In English num2words says five euro.
        return names.get(word) or names.get(word.removesuffix("s"))

    def written(self, word: str) -> str:
        """The word as it is written among digits: a spelled digit as that digit, any other as it is."""
        value = self._known.values.get(word)
        return str(value) if value is not None and value < len(digits) else word

    def _at(self, words: Sequence[str], index: int) -> Role | None:
        return self.role(words[index]) if index < len(words) else None

    def _role(self, word: str) -> Role:
        known = self._known
        if word in known.values:
            value = known.values[word]
            return Role.MULTIPLIER if value is None or value >= _HUNDRED else Role.NUMBER
        if any(map(str.isnumeric, word)) or (known.compound is not None and known.compound.fullmatch(word)):
            return Role.NUMBER
        if word in known.signs:
            return Role.SIGN
        if word in known.links:
            return Role.LINK
        return Role.LETTER if len(word) == 1 and word.isalpha() and word.isascii() else Role.OTHER


@lru_cache(maxsize=64)
def numerals(language: str) -> Numerals:
    """Those of the language (ISO 639-1)."""
    return Numerals(language)
