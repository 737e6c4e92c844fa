"""Marks stable what an engine has stopped changing, for engines that say nothing of it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.agreement import RepeatedAgreement
from shared.models import Word


class Agreement(RepeatedAgreement):
    """Follows one utterance of an engine."""

    def mark(self, items: Sequence[Word]) -> tuple[Word, ...]:
        """The items of the next hypothesis, each marked stable or not."""
        pairs = zip(items, self.follow(items), strict=True)
        return tuple(replace(item, stable=stable) for item, stable in pairs)


def settled(items: Sequence[Word]) -> tuple[Word, ...]:
    """The items of a final: all stable."""
    return tuple(replace(item, stable=True) for item in items)
