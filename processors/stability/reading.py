"""A hypothesis as it is read: its words, which of them are committed, and which are stable."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from shared.alignment import spelling
from shared.models import Word
from shared.text import CLAUSE_ENDS, SENTENCE_ENDS

#: A pause in the middle of speech: this long (ms) between two words.
_GAP = 400
#: Words that a clause needs before its mark is a boundary.
_CLAUSE = 4


class Reading:
    """A hypothesis whose first `done` words are committed; counts are of words, punctuation belongs to the one before.

    `earlier` is the reading of the partial result before: where the engine marks no stability, words on which the
    two agree are stable (LocalAgreement-2), and so are the marks behind them.
    """

    def __init__(self, items: Sequence[Word], committed_items: int, earlier: Reading | None) -> None:
        self._items = items
        self._places: list[int] = []
        self._texts: list[str] = []
        for place, item in enumerate(items):
            if text := spelling(item.text):
                self._places.append(place)
                self._texts.append(text)
        self.done = bisect_left(self._places, committed_items)
        self._marked = any(item.stable is not None for item in items)
        if self._marked:
            self._stable = [items[place].stable is True for place in self._places]
            self._agreed_marks: set[int] = set()
        else:
            self._agree(earlier)
        self._last_stable = max((i for i, stable in enumerate(self._stable) if stable), default=-1)

    def __len__(self) -> int:
        return len(self._places)

    def word(self, index: int) -> Word:
        """The word at `index`."""
        return self._items[self._places[index]]

    def words(self, first: int, last: int) -> list[Word]:
        """The words from `first` up to `last`, without punctuation."""
        return [self._items[place] for place in self._places[first:last]]

    def items(self, first: int, last: int) -> Sequence[Word]:
        """The same with the punctuation behind each; before the first word of all, with that in front of it."""
        return self._items[self._cut(first) : self._cut(last)]

    def committable(self, threshold: float) -> int:
        """The length of the longest prefix that ends in a stable word and has at least that share of stable ones."""
        longest = count = 0
        for length, stable in enumerate(self._stable, 1):
            if stable:
                count += 1
                if count / length >= threshold:
                    longest = length
        return longest

    def boundary(self, limit: int) -> int:
        """How many words lie before the last boundary of the first `limit`; `done` where there is none."""
        boundary = self.done
        for index in range(self.done, limit):
            sentence, clause = self._marks(index)
            if sentence or (clause and index + 1 - boundary >= _CLAUSE) or self._gap(index):
                boundary = index + 1
        return boundary

    def _cut(self, words: int) -> int:
        if not words:
            return 0
        return self._places[words] if words < len(self._places) else len(self._items)

    def _marks(self, index: int) -> tuple[bool, bool]:
        """Whether a sentence ends behind the word, and whether a clause does, by marks that will not go away."""
        marks = self._items[self._places[index] + 1 : self._cut(index + 1)]
        if not marks:
            return False, False
        if self._marked:
            lasting = index < self._last_stable or any(mark.stable for mark in marks)
        else:
            lasting = index in self._agreed_marks
        if not lasting:
            return False, False
        return ends_sentence(marks), any(not CLAUSE_ENDS.isdisjoint(mark.text) for mark in marks)

    def _gap(self, index: int) -> bool:
        return index + 1 < len(self) and self.word(index + 1).start - self.word(index).end >= _GAP

    def _agree(self, earlier: Reading | None) -> None:
        self._stable = [True] * self.done + [False] * (len(self) - self.done)
        self._agreed_marks = set()
        if earlier is None:
            return
        for index, other in zip(range(self.done, len(self)), range(earlier.done, len(earlier)), strict=False):
            if self._texts[index] != earlier._texts[other]:
                break
            self._stable[index] = True
            if self._mark_texts(index) == earlier._mark_texts(other):
                self._agreed_marks.add(index)

    def _mark_texts(self, index: int) -> list[str]:
        return [mark.text for mark in self._items[self._places[index] + 1 : self._cut(index + 1)]]


def ends_sentence(marks: Sequence[Word]) -> bool:
    """Whether one of the punctuation marks ends a sentence."""
    return any(not SENTENCE_ENDS.isdisjoint(mark.text) for mark in marks)
