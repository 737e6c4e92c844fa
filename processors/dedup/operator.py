"""Lets each segment of one session through once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from processors.contract import Closing, Context, Input, Operator
from processors.dedup.cache import CacheSize, RecentTexts
from shared.metrics import Metric
from shared.models import Correction, Record, Segment, SessionEnded, Status
from shared.streams import StreamName
from shared.text import normalise


class Deduplicator(Operator):
    """Forwards at once what is new and drops what a replay brings again.

    A new number with the words and the span of a recent one keeps its number but loses its text: numbers stay
    dense, and nothing is said twice.
    """

    def __init__(self, context: Context, size: CacheSize) -> None:
        self._context = context
        self._size = size
        self._last = 0
        #: Range of numbers -> the highest revision forwarded; as bounded as the session is.
        self._revisions: dict[tuple[int, int], int] = {}

    async def start(self) -> None:
        session = await self._context.store.load(self._context.key)
        settings = self._context.settings.tolerate(session.settings)
        self._recent = RecentTexts(round(settings.dedup_cache_ttl * 1000))

    async def process(self, received: Input) -> None:
        output = self._deduplicated(received.record)
        if output is None:
            self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="dedup")
        else:
            self._context.emit(StreamName.UNIQUE_SEGMENTS, output)
        self._context.ack(received)

    async def close(self, closing: Closing) -> None:
        self._size.change(-len(self._recent), self._context.metrics)

    def _deduplicated(self, record: Record) -> Record | None:
        """What goes on in place of the record; None where it went on before."""
        match record:
            case Segment():
                if record.number <= self._last:
                    return None
                self._last = record.number
                return self._without_repetition(record)
            case Correction():
                span = (record.first, record.last)
                if record.revision <= self._revisions.get(span, -1):
                    return None
                self._revisions[span] = record.revision
                return record
            case SessionEnded():
                return record
        raise TypeError(f"expected a Segment, Correction or SessionEnded, got {type(record).__name__}")

    def _without_repetition(self, segment: Segment) -> Segment:
        words = normalise(segment.text)
        # Marks alone say nothing that could be said twice.
        if not words:
            return segment
        size = len(self._recent)
        now = round(asyncio.get_running_loop().time() * 1000)
        repeated = self._recent.is_repeated(words, segment.start, segment.end, now)
        self._size.change(len(self._recent) - size, self._context.metrics)
        if not repeated:
            return segment
        self._context.metrics.count(Metric.DUPLICATES_DETECTED)
        return replace(segment, text="", words=(), status=Status.DUPLICATE)
