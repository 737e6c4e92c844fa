"""A hypothesis as it is read: its words, which of them are committed, and which are stable."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import compress
from operator import attrgetter

from processors.stability.numerals import Numerals
from shared.alignment import behind_word, spelling
from shared.models import Word
from shared.text import ends_clause, ends_sentence
from shared.word_stability import Agreement

#: A pause in the middle of speech: this long (ms) between two words.
_GAP = 400
#: Words that a clause needs before its mark is a boundary.
_CLAUSE = 4
_TEXT, _STABLE = attrgetter("text"), attrgetter("stable")


class Reading:
    """A hypothesis, and how many of its words are `committed`; counts are of words, a mark belongs to the one before.

    Where the engine marks no stability, words and marks on which successive partial results agree are stable.
    """

    def __init__(self, items: Sequence[Word], numerals: Numerals) -> None:
        self._numerals = numerals
        texts = list(map(spelling, map(_TEXT, items)))
        marks = list(map(_STABLE, items))
        self._items = items
        self._texts = list(filter(None, texts))
        #: Where each word stands among the items; at last, where the items end.
        self._places = [*compress(range(len(items)), texts), len(items)]
        self._stable = list(compress(marks, texts))
        self._marked = marks.count(None) < len(marks)
        #: Words behind which the marks are agreed on, where the engine marks no stability.
        self._agreed_marks: set[int] = set()
        self.committed = 0

    def begins_with(self, texts: Sequence[str]) -> bool:
        """Whether its first words are spelled so."""
        return self._texts[: len(texts)] == texts

    def words_of(self, items: int) -> int:
        """How many words its first items hold."""
        return bisect_left(self._places, items, hi=len(self._texts))

    def mark_stable(self, agreement: Agreement, position: int) -> None:
        """Where the engine marks nothing, marks as stable what is committed, and what `agreement` says behind it."""
        if self._marked:
            return
        agreed = agreement.follow(self._items, position)
        self._stable[: self.committed] = [True] * self.committed
        for index in range(self.committed, len(self)):
            first, *marks = agreed[self._places[index] : self._places[index + 1]]
            if not first:
                break
            self._stable[index] = True
            if all(marks):
                self._agreed_marks.add(index)

    def __len__(self) -> int:
        return len(self._texts)

    def word(self, index: int) -> Word:
        """The word at `index`."""
        return self._items[self._places[index]]

    def words(self, first: int, last: int) -> list[Word]:
        """The words from `first` up to `last`, without punctuation."""
        return [self._items[place] for place in self._places[first:last]]

    @property
    def uncommitted_words(self) -> list[Word]:
        """The words that are not committed, without punctuation."""
        return self.words(self.committed, len(self))

    def items(self, first: int, last: int) -> Sequence[Word]:
        """The same with the punctuation of each; before the first word of all, with all that stands in front of it."""
        return self._items[self._cut(first) : self._cut(last)]

    def committable(self, threshold: float) -> int:
        """The length of the longest prefix that ends in a stable word and has at least that share of stable ones."""
        count = self._stable.count(True)
        for length in range(len(self), 0, -1):
            if self._stable[length - 1]:
                if count / length >= threshold:
                    return length
                count -= 1
        return 0

    def boundary(self, limit: int) -> int:
        """How many words lie before the last boundary of the first `limit`; `committed` where there is none."""
        boundary = self.committed
        for index in range(self.committed, limit):
            place, following = self._places[index], self._places[index + 1]
            marks = self._marks(index) if following > place + 1 and self._marks_stable(index) else ""
            if ends_sentence(marks) and not (marks == "." and self._numerals.keeps_stop(self._texts, index)):
                boundary = index + 1
                continue
            gap = following < len(self._items) and self._items[following].start - self._items[place].end >= _GAP
            enough = index + 1 - boundary >= _CLAUSE
            if (gap or (enough and ends_clause(marks))) and not self._numerals.joined(self._texts, index + 1):
                boundary = index + 1
        return boundary

    def outside_numbers(self, limit: int) -> int:
        """The last place up to `limit` that splits no number; `committed` where there is none."""
        return self._last(limit, lambda cut: not self._numerals.joined(self._texts, cut))

    def between_numbers(self, limit: int) -> int:
        """The same, where numbers that make no third may be separated, and where speech has ended for now."""
        if limit == len(self):
            return limit
        return self._last(
            limit,
            lambda cut: self._numerals.groups(self._texts, cut) or not self._numerals.joined(self._texts, cut),
        )

    def _last(self, limit: int, allowed: Callable[[int], bool]) -> int:
        return next((cut for cut in range(limit, self.committed, -1) if allowed(cut)), self.committed)

    def _cut(self, words: int) -> int:
        """Where the marks behind so many words end; what opens belongs to the word behind it."""
        return behind_word(self._items, self._places[words]) if words else 0

    def _marks(self, index: int) -> str:
        """The marks behind the word, as one text."""
        return "".join([mark.text for mark in self._items[self._places[index] + 1 : self._places[index + 1]]])

    def _marks_stable(self, index: int) -> bool:
        """Whether the marks behind the word will not go away.

        Engines take marks back more often than words, so where they mark stability it takes a stable mark; for an
        engine that marks words alone a stable word behind it will do.
        """
        if not self._marked:
            return index in self._agreed_marks
        marks = self._items[self._places[index] + 1 : self._places[index + 1]]
        if all(mark.stable is None for mark in marks):
            return any(self._stable[index + 1 :])
        return any(mark.stable for mark in marks)
