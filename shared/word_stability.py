"""Which words of successive hypotheses will stay, where the recogniser itself says nothing of it (LocalAgreement).

A word that is heard wrong is heard wrong in the same way until the recogniser hears what follows it. Where results come
fast, two that agree are therefore hardly more than one, and words near the end are held back. How many depends on the
pace of the results, in audio time: the less of it lies between two that agree, the more words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from shared.alignment import spelling
from shared.models import Word

#: Words that follow one which has stood for a moment only. Of the words committed with results every 200 ms none is
#: wrong then; it was 4.7 % where two results that agree were enough (tests/benchmarks/flicker.py measures it).
_HELD = 2
#: Ms for which a word has stood, behind which one word that follows it is enough, and none.
_LONG, _LONGEST = 1000, 2000
#: Ms of new audio with which a recogniser that changes what follows a word, and leaves the word, is sure of it.
_RECONSIDERED = 300
#: Items that are aligned where two hypotheses differ; what lies behind them counts as new.
_MAX = 200


@dataclass(slots=True)
class ItemHistory:
    """How an item has stood: since which position (audio time, ms), and in how many hypotheses that counted."""

    since: int
    seen: int = 0
    #: Whether something behind it was changed meanwhile.
    outlasted: bool = False
    stable: bool = False


class Agreement(ABC):
    """Follows one utterance from hypothesis to hypothesis.

    An item is followed by aligning spellings, so that a change before it does not unsettle it; once stable it stays so
    for as long as it is there. A punctuation mark is followed with the word before it, for marks are all alike.
    """

    def __init__(self) -> None:
        self._items: Sequence[Word] = ()
        self._texts: list[str] = []
        self._histories: list[ItemHistory] = []
        self._position = 0

    def follow(self, items: Sequence[Word], position: int = 0) -> list[bool]:
        """Whether each item of the next hypothesis is stable, given how much was heard (audio time, ms).

        The same hypothesis again says nothing new.
        """
        if items is not self._items:
            texts = _texts(items)
            self._histories = self._carried(texts, position)
            self._items, self._texts, self._position = items, texts, position
            behind = 0
            for item, history in zip(reversed(items), reversed(self._histories), strict=True):
                mark = not spelling(item.text)
                history.stable = history.stable or self._settles(history, position, behind, mark=mark)
                behind += not mark
        return [history.stable for history in self._histories]

    @abstractmethod
    def _settles(self, history: ItemHistory, position: int, behind: int, *, mark: bool) -> bool:
        """Counts the hypothesis for an item with so many words behind it; says whether it is stable now."""

    def _carried(self, texts: Sequence[str], position: int) -> list[ItemHistory]:
        """How each item of the next hypothesis has stood so far."""
        histories = [ItemHistory(position) for _ in texts]
        gone = [bool(spelling(item.text)) for item in self._items]
        for before, now, size in _blocks(self._texts, texts):
            histories[now : now + size] = self._histories[before : before + size]
            gone[before : before + size] = [False] * size
        if position - self._position >= _RECONSIDERED and True in gone:
            changed = len(gone) - 1 - gone[::-1].index(True)
            for history in self._histories[:changed]:
                history.outlasted = True
        return histories


class PacedAgreement(Agreement):
    """For results of which neither engine nor pace is known: two that agree, and words held back at the end.

    `held` is the most words held back.
    """

    def __init__(self, held: int = _HELD) -> None:
        super().__init__()
        self._held = held

    def _settles(self, history: ItemHistory, position: int, behind: int, *, mark: bool) -> bool:
        history.seen += 1
        stood = position - history.since
        if stood >= _LONGEST:
            held = 0
        elif stood >= _LONG or history.outlasted:
            held = 1
        else:
            held = _HELD
        return history.seen > 1 and behind >= min(held, self._held)


class RepeatedAgreement(Agreement):
    """For an engine of known pace: stable is what stood at least `tail` words from the end in `repeats` hypotheses.

    These are hypotheses running. Punctuation, of which recognisers are less sure, needs one more of either.
    """

    def __init__(self, tail: int, repeats: int) -> None:
        super().__init__()
        self._tail = tail
        self._repeats = repeats

    def _settles(self, history: ItemHistory, position: int, behind: int, *, mark: bool) -> bool:
        history.seen = history.seen + 1 if behind >= self._tail + mark else 0
        return history.seen >= self._repeats + mark

    def mark(self, items: Sequence[Word]) -> tuple[Word, ...]:
        """The items of the next hypothesis, each marked stable or not."""
        pairs = zip(items, self.follow(items), strict=True)
        return tuple(replace(item, stable=stable) for item, stable in pairs)


def all_stable(items: Sequence[Word]) -> tuple[Word, ...]:
    """The items of a final result."""
    return tuple(replace(item, stable=True) for item in items)


def _blocks(before: Sequence[str], now: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Where both have texts in common: from where in each, and how many."""
    pairs = enumerate(zip(before, now, strict=False))
    same = next((at for at, (a, b) in pairs if a != b), min(len(before), len(now)))
    yield 0, 0, same
    rest = before[same : same + _MAX], now[same : same + _MAX]
    if all(rest):
        for at, other, size in SequenceMatcher(None, *rest, autojunk=False).get_matching_blocks():
            yield same + at, same + other, size


def _texts(items: Sequence[Word]) -> list[str]:
    """What the items are followed by."""
    texts: list[str] = []
    word = ""
    for item in items:
        text = spelling(item.text)
        texts.append(text or word + item.text)
        word = text or word
    return texts
