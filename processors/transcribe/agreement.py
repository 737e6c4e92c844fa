"""Marks stable what an engine has stopped changing, for engines that say nothing of it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from shared.models import Word
from shared.text import normalise


class Agreement:
    """Follows one utterance from hypothesis to hypothesis.

    An item is stable once it stood at least `tail` words from the end, unchanged, in `repeats` hypotheses running.
    Punctuation, of which recognisers are less sure, needs one more of either. An item is followed by aligning the
    texts, so a change before it does not unsettle it, and it stays stable for as long as it is there.
    """

    def __init__(self, tail: int, repeats: int) -> None:
        self._tail = tail
        self._repeats = repeats
        self._texts: list[str] = []
        self._stood: list[int] = []

    def mark(self, items: Sequence[Word]) -> tuple[Word, ...]:
        """The items of the next hypothesis, each marked stable or not."""
        texts = _texts(items)
        stood = [0] * len(items)
        for before, now, size in SequenceMatcher(None, self._texts, texts, autojunk=False).get_matching_blocks():
            stood[now : now + size] = self._stood[before : before + size]
        marked: list[Word] = []
        behind = 0
        for index in reversed(range(len(items))):
            extra = items[index].is_punctuation
            if stood[index] < self._repeats + extra:
                stood[index] = stood[index] + 1 if behind >= self._tail + extra else 0
            marked.append(replace(items[index], stable=stood[index] >= self._repeats + extra))
            behind += not extra
        self._texts, self._stood = texts, stood
        return tuple(reversed(marked))


def settled(items: Sequence[Word]) -> tuple[Word, ...]:
    """The items of a final: all stable."""
    return tuple(replace(item, stable=True) for item in items)


def _texts(items: Sequence[Word]) -> list[str]:
    """What the items are followed by: a punctuation mark by the word before it too, for marks are all alike."""
    texts: list[str] = []
    word = ""
    for item in items:
        if not item.is_punctuation:
            word = normalise(item.text)
        texts.append(word + item.text if item.is_punctuation else word)
    return texts
