"""How much of an utterance's partial results is likely to stay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from shared.models import Word
from shared.word_stability import PacedAgreement

#: Words that are held back at the end where nothing is marked: fewer than before words are committed, since a reader
#: wants them soon, and a tail may change.
_HELD = 1


class StablePrefix:
    """Counts the leading items of the newest partial result that will hardly change.

    Those are the ones marked stable; where the engine marks no stability, those on which successive results agree. What
    was stable once stays so for as long as results repeat it.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._kept = 0
        self._agreement = PacedAgreement(_HELD)
        self._stable: list[bool] = []

    def update(self, items: Sequence[Word], position: int) -> None:
        """Takes the utterance's next result, which can know of so much audio (audio time, ms)."""
        texts = [item.text for item in items]
        self._kept = min(self._kept, common_prefix(self._texts, texts))
        self._texts = texts
        if any(item.stable is not None for item in items):
            self._stable = [item.stable is True for item in items]
        else:
            self._stable = self._agreement.follow(items, position)

    def count(self, done: int) -> int:
        """How many items are stable, the first `done` of which are committed."""
        stable = done + sum(1 for _ in takewhile(bool, self._stable[done:]))
        self._kept = max(self._kept, stable)
        return self._kept


def common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """How many leading texts both have."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
