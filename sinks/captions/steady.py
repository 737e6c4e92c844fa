"""How much of an utterance's partial results is likely to stay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from shared.models import Word


class Steady:
    """Counts the leading items of the newest partial result that will hardly change.

    Those are the ones marked stable; where the engine marks no stability, those on which two successive results
    agree (LocalAgreement-2). What was steady once stays so for as long as results repeat it.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._agreed = 0
        self._kept = 0
        self._stable: list[bool] | None = None

    def hear(self, items: Sequence[Word]) -> None:
        """Takes the utterance's next result."""
        texts = [item.text for item in items]
        self._agreed = common_prefix(self._texts, texts)
        self._kept = min(self._kept, self._agreed)
        self._texts = texts
        marked = any(item.stable is not None for item in items)
        self._stable = [item.stable is True for item in items] if marked else None

    def count(self, done: int) -> int:
        """How many items are steady, the first `done` of which are committed."""
        if self._stable is None:
            steady = self._agreed
        else:
            steady = done + sum(1 for _ in takewhile(bool, self._stable[done:]))
        self._kept = max(self._kept, steady, done)
        return self._kept


def common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """How many leading texts both have."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
