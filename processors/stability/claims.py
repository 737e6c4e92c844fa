"""The session's decisions: claimed in its item first, published then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from processors.contract import Context
from processors.stability.numerals import Numerals, numerals
from processors.stability.segmenting import segments
from shared.errors import ClaimRefused
from shared.metrics import Metric
from shared.models import Result, Segment, Word
from shared.sessions import Session
from shared.streams import StreamName

#: Committed words that the item keeps, to find the frontier again in another take.
_TAIL_WORDS = 40
#: Claims that may be unpublished (in a fused host: not acked by the last stage) before another is made. Each
#: claim writes all of them into the item, which ends at 400 KB, and costs by its size.
MAX_UNPUBLISHED = 100


class Claims:
    """What is committed of a session: the last number, the frontier (audio time, ms) and the last words."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._language = ""
        self._number = 0
        #: The lowest number whose publication is not confirmed.
        self._unpublished = 1
        self._confirmed = asyncio.Event()
        self.frontier = 0
        self.tail: tuple[Word, ...] = ()

    async def load(self) -> Session:
        """Takes over what the item says and publishes its claimed segments again; raises SessionUnknown."""
        item = await self._context.store.load(self._context.key)
        self._language = item.source_language
        self._number = item.number
        self._unpublished = item.claimed[0].number if item.claimed else item.number + 1
        self.frontier = max(self.frontier, item.frontier)
        self.tail = item.words
        self._publish(item.claimed)
        return item

    async def claim(self, items: Sequence[Word], result: Result) -> Sequence[Segment] | None:
        """Commits the items, which `result` brought, and publishes them; returns their segments.

        Waits while too many that were claimed before are unpublished.
        None where another worker has decided: then what it decided is taken over, and published again.
        """
        while self._number - self._unpublished >= MAX_UNPUBLISHED:
            self._confirmed.clear()
            await self._confirmed.wait()
        claimed = segments(items, result, result.language or self._language, self._number + 1)
        words = [item for item in items if not item.is_punctuation]
        frontier = max(self.frontier, words[-1].end)
        tail = (*self.tail, *words)[-_TAIL_WORDS:]
        try:
            await self._context.store.claim(
                self._context.key, claimed, unpublished=self._unpublished, frontier=frontier, words=tail
            )
        except ClaimRefused:
            self._context.metrics.count(Metric.CLAIMS_REFUSED)
            await self.load()
            return None
        self._number, self.frontier, self.tail = claimed[-1].number, frontier, tail
        self._publish(claimed)
        return claimed

    def numerals(self, result: Result) -> Numerals:
        """The numbers of the language that `result` is in."""
        return numerals(result.language or self._language)

    def _publish(self, claimed: Sequence[Segment]) -> None:
        for segment in claimed:
            self._context.emit(StreamName.SEGMENTS, segment)
        if claimed:
            self._context.then(partial(self._published, claimed[-1].number))

    async def _published(self, number: int) -> None:
        self._unpublished = max(self._unpublished, number + 1)
        self._confirmed.set()
