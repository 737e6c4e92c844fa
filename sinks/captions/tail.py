"""The unstable tail: what recognisers say beyond the committed text."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from shared import alignment
from shared.models import FinalResult, Result, Segment, Word
from shared.text import join

#: Committed words that are remembered, to find them in a hypothesis.
_KEPT = 60


class TailText:
    """The newest hypothesis less the words aligned with committed text; a final stays until its segments arrive."""

    def __init__(self) -> None:
        self._committed: deque[Word] = deque(maxlen=_KEPT)
        self._frontier = 0
        self._finals: list[Result] = []
        self._open: Result | None = None
        self._newest: tuple[int, int, int, bool] = (0, 0, 0, False)

    def hear(self, result: Result) -> None:
        """Takes a result; one that is older than the newest is ignored."""
        final = isinstance(result, FinalResult)
        place = (result.take, result.utterance, result.position, final)
        if place < self._newest:
            return
        finished = place[:2] == self._newest[:2] and self._newest[3]
        if finished:
            return
        self._newest = place
        self._open = None if final else result
        if final:
            self._finals.append(result)

    def commit(self, segment: Segment) -> None:
        """Takes committed words."""
        self._committed.extend(word for word in segment.words if not word.is_punctuation)
        self._frontier = max(self._frontier, segment.end)

    def text(self) -> str:
        """The tail as it is now."""
        self._finals = [final for final in self._finals if self._beyond(final)]
        left = [self._beyond(result) for result in [*self._finals, self._open] if result is not None]
        return " ".join(join(words) for words in left if words)

    def _beyond(self, result: Result) -> Sequence[Word]:
        if not self._committed:
            return result.items
        return result.items[alignment.across(tuple(self._committed), result.items, self._frontier) :]
