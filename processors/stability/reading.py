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
        self._stable: list[bool] = []
        self._marked = False
        self._last_stable = -1
        #: Words behind which the marks are agreed on, where the engine marks no stability.
        self._agreed_marks: set[int] = set()
        for place, item in enumerate(items):
            stable = item.stable
            if stable is not None:
                self._marked = True
            if text := spelling(item.text):
                if stable:
                    self._last_stable = len(self._places)
                self._places.append(place)
                self._texts.append(text)
                self._stable.append(stable is True)
        self.done = bisect_left(self._places, committed_items)
        if not self._marked:
            self._agree(earlier)

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
            if index + 1 == len(self._places):
                following = len(self._items)
            else:
                following = self._places[index + 1]
                if self._items[following].start - self._items[self._places[index]].end >= _GAP:
                    boundary = index + 1
                    continue
            marks = self._items[self._places[index] + 1 : following]
            if marks and self._lasting(index, marks):
                clause = index + 1 - boundary >= _CLAUSE and any(
                    not CLAUSE_ENDS.isdisjoint(mark.text) for mark in marks
                )
                if clause or ends_sentence(marks):
                    boundary = index + 1
        return boundary

    def _cut(self, words: int) -> int:
        if not words:
            return 0
        return self._places[words] if words < len(self._places) else len(self._items)

    def _lasting(self, index: int, marks: Sequence[Word]) -> bool:
        """Whether the marks behind the word will not go away."""
        if self._marked:
            return index < self._last_stable or any(mark.stable for mark in marks)
        return index in self._agreed_marks

    def _agree(self, earlier: Reading | None) -> None:
        self._stable[: self.done] = [True] * self.done
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
