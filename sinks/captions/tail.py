"""The tail: what recognisers say beyond the committed text."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from shared import alignment
from shared.models import FinalResult, Result, Segment, Word
from shared.result_order import Place, ResultOrder
from shared.text import join
from sinks.captions.events import Tail
from sinks.captions.stable_prefix import StablePrefix

#: Committed words that are remembered, to find them in a hypothesis.
_KEPT = 60


class TailText:
    """The newest hypothesis less the words aligned with committed text; a final stays until its segments arrive."""

    def __init__(self) -> None:
        self._committed: deque[Word] = deque(maxlen=_KEPT)
        self._frontier = 0
        self._finals: list[Result] = []
        self._open: Result | None = None
        self._stable_prefix = StablePrefix()
        self._order = ResultOrder()
        self._utterance = (0, 0)

    def update(self, result: Result) -> None:
        """Takes a result; one that is older than the newest, or was taken before, is ignored."""
        if self._order.place(result) in (Place.STALE, Place.REPEATED):
            return
        if self._utterance != (result.take, result.utterance):
            self._utterance = (result.take, result.utterance)
            self._stable_prefix = StablePrefix()
        final = isinstance(result, FinalResult)
        self._open = None if final else result
        if final:
            self._finals.append(result)
        else:
            self._stable_prefix.update(result.items, result.position)

    def end(self, take: int | None) -> None:
        """The session is over, as the worker of `take` says, if it is no older than the newest seen.

        What comes all the same is news behind what is committed.
        """
        if take is not None and take < self._order.take:
            return
        self._order.end(take or 0)
        self._open = None
        self._finals = []

    def commit(self, segment: Segment) -> None:
        """Takes committed words."""
        self._committed.extend(word for word in segment.words if not word.is_punctuation)
        self._frontier = max(self._frontier, segment.end)

    def now(self) -> Tail:
        """The tail as it is now."""
        self._finals = [final for final in self._finals if self._beyond(final)]
        stable = [self._beyond(final) for final in self._finals]
        unstable: Sequence[Word] = ()
        if self._open is not None:
            items, done = self._open.items, self._done(self._open)
            count = self._stable_prefix.count(done)
            stable.append(items[done:count])
            unstable = items[count:]
        return Tail(" ".join(join(words) for words in stable if words), join(unstable))

    def _beyond(self, result: Result) -> Sequence[Word]:
        return result.items[self._done(result) :]

    def _done(self, result: Result) -> int:
        """How many of the result's items are committed."""
        if not self._committed:
            return 0
        return alignment.across(tuple(self._committed), result.items, self._frontier)
