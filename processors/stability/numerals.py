"""What belongs to one number, amount or time, as people say it and as recognisers write it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache
from operator import and_
from string import digits

from processors.stability.counting import Count
from processors.stability.number_words import vocabulary
from shared.text import is_title

_TEN, _HUNDRED = 10, 100
#: Words of the longest number below a thousand: neuf cent quatre vingt dix neuf.
_SPELLED = 6


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
        self._digits = lru_cache(maxsize=1 << 12)(self._counted)
        self._said = lru_cache(maxsize=1 << 14)(self._saying)

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

    def keeps_stop(self, words: Sequence[str], index: int) -> bool:
        """Whether a full stop behind the word at `index` belongs to it, and ends no sentence.

        It does behind a title, behind letters that are spelled one behind the other (J. R. R., z. B.), and behind
        digits in a language that writes ordinals so (24. Dezember).
        """
        word = words[index]
        if self.role(word) is Role.LETTER:
            beside = [*words[max(0, index - 1) : index], *words[index + 1 : index + 2]]
            return Role.LETTER in map(self.role, beside)
        return is_title(word) or (self._known.dotted and word.isdecimal())

    def digits(self, words: Sequence[str]) -> str | None:
        """The digits of the numbers that the words say one behind the other; None where they say anything else.

        It is one text for all ways of writing: 250 for two dollars fifty, and for 2.50; and so it is with the name of a
        currency behind it, which may be a sign. One word may stand between.
        """
        return self._digits(tuple(words))

    def all_digits(self, words: Sequence[str]) -> str | None:
        """The digits of all numbers among the words; None where one is not understood."""
        count = Count()
        at = 0
        while at < len(words):
            said, value, role = self._said(tuple(words[at : at + _SPELLED]))
            word, at = words[at], at + said
            if word in self._known.points:
                count.end()
            elif value is not None:
                count.add(value)
            elif word in self._known.multipliers:
                count.multiply(self._known.multipliers[word])
            elif word[0].isdecimal():
                count.write("".join(filter(str.isdecimal, word)))
            elif role is Role.NUMBER:
                return None
            elif role is Role.OTHER:
                count.end()
        return count.digits

    def is_number(self, word: str) -> bool:
        """Whether it is a number, or multiplies one."""
        return self.role(word) in _NUMBERS

    def is_small(self, word: str) -> bool:
        """Whether it is a word for a number below ten."""
        value = self._value(word)
        return value is not None and value < _TEN

    def currency(self, word: str) -> str | None:
        """The currency that the word names, in the singular."""
        names = self._known.currencies
        # In English num2words says five euro.
        return names.get(word) or names.get(word.removesuffix("s"))

    def alike(self, whole: str, parts: Sequence[str]) -> bool:
        """Whether the parts are that word in one: everyone, 3pm for three p m, 25,000 for twenty five thousand."""
        if whole in ("".join(parts), "".join(map(self._written, parts))):
            return True
        number = self.digits((whole,))
        return number is not None and number == self.digits(parts) and Role.OTHER not in map(self.role, parts)

    def behind(self, text: str, parts: Sequence[str]) -> str:
        """What of `text` follows the digits that the parts say one by one; empty where it begins otherwise."""
        if any(self.role(part) is not Role.NUMBER for part in parts):
            return ""
        begun = self.digits(parts) or ""
        places = [place for place, character in enumerate(text) if character.isdecimal()]
        said = "".join(text[place] for place in places)
        grouped = text[places[0] : places[-1] + 1] if places else ""
        if not begun or len(said) <= len(begun) or not said.startswith(begun) or set(grouped) - set(said) - set("-"):
            return ""
        return text[places[len(begun)] :]

    def _counted(self, words: tuple[str, ...]) -> str | None:
        if len(words) > 1 and not self.is_number(words[-1]) and self.currency(words[-1]):
            words = words[:-1]
        if self.role(words[0]) not in (*_NUMBERS, Role.SIGN) or self.role(words[-1]) not in _NUMBERS:
            return None
        others = [self.role(word) is Role.OTHER for word in words]
        return None if any(map(and_, others, others[1:])) else self.all_digits(words)

    def _written(self, word: str) -> str:
        """The word as it is written among digits: a spelled digit as that digit, any other as it is."""
        value = self._known.values.get(word)
        return str(value) if value is not None and value < len(digits) else word

    def _saying(self, words: tuple[str, ...]) -> tuple[int, int | None, Role]:
        """How many of the words spell one number, as many as do, that number, and the role of the first.

        A multiplier is no number by itself.
        """
        known, word = self._known, words[0]
        role = self.role(word)
        if role in _NUMBERS and not word[0].isdecimal():
            for said in range(len(words), 1, -1):
                if (value := known.spelled.get("".join(words[:said]))) is not None:
                    return said, value, role
        if role not in _NUMBERS or word in known.multipliers:
            return 1, None, role
        return 1, self._value(word), role

    def _value(self, word: str) -> int | None:
        """The number that the word is by itself."""
        return self._known.values.get(word) or self._known.value(word)

    def _at(self, words: Sequence[str], index: int) -> Role | None:
        return self.role(words[index]) if index < len(words) else None

    def _role(self, word: str) -> Role:
        known = self._known
        if word in known.values:
            value = known.values[word]
            return Role.MULTIPLIER if value is None or value >= _HUNDRED else Role.NUMBER
        if any(map(str.isnumeric, word)) or known.value(word) is not None:
            return Role.NUMBER
        if known.compound is not None and known.compound.fullmatch(word):
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
