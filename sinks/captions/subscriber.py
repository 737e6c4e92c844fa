"""Captions of one session, in its source language or in a target language."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Self

from shared.clock import Clock, SystemClock
from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.models import Correction, FinalResult, PartialResult, Record, Segment, SessionEnded, Translation
from shared.streams import Start, Stream, StreamName
from sinks.captions.events import Caption, CaptionEvent, Corrected, Missed, Tail
from sinks.captions.tail import TailText
from sinks.records import Received, SessionRecords

#: Seconds from before it joined that a subscriber reads.
REACH_BACK = 60.0


class CaptionSubscriber:
    """Yields what is to be shown: `async with CaptionSubscriber(streams, session) as captions: async for event ...`.

    Without a `language` they are the source language's: committed captions, the live tail, and corrections. With one
    they are translations. A subscriber that joins late is first shown the last `backlog` captions of the last
    minute, and told what it missed. It ends when the session has. `streams` must hold transcripts and
    unique-segments, or translations.
    """

    def __init__(
        self,
        streams: Mapping[StreamName, Stream],
        session: str,
        language: str | None = None,
        *,
        backlog: int = 3,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        reads = [StreamName.TRANSLATIONS] if language else [StreamName.TRANSCRIPTS, StreamName.UNIQUE_SEGMENTS]
        self._language = language
        self._backlog = backlog
        self._clock = clock or SystemClock()
        self._metrics = metrics or MemoryMetrics()
        start = Start(ago=round(REACH_BACK * 1000))
        self._records = SessionRecords({name: streams[name] for name in reads}, start, session, self._metrics)
        self._tail = TailText()
        self._shown_tail = Tail("")
        self._last = 0
        self._revisions: dict[tuple[int, int], int] = {}

    async def __aenter__(self) -> Self:
        await self._records.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._records.__aexit__(kind, error, traceback)

    async def __aiter__(self) -> AsyncIterator[CaptionEvent]:
        ended = False
        past: list[CaptionEvent] = []
        async for received in self._records.past():
            past += self._events(received.record, backlog=True)
            if ended := self._is_last(received):
                break
        for event in self._recent(past):
            yield event
        while not ended:
            received = await self._records.receive()
            for event in self._events(received.record, backlog=False):
                yield event
            ended = self._is_last(received)

    def _is_last(self, received: Received) -> bool:
        return received.stream is not StreamName.TRANSCRIPTS and self._is_end(received.record)

    def _is_end(self, record: Record) -> bool:
        return isinstance(record, SessionEnded) and record.language == self._language

    def _recent(self, past: list[CaptionEvent]) -> Iterator[CaptionEvent]:
        """What is shown first of what was said before: the last captions as they now read, and the tail."""
        captions = [event for event in past if isinstance(event, Caption)]
        shown = captions[-self._backlog :] if self._backlog else []
        first = shown[0].number if shown else self._last + 1
        if first > 1:
            yield Missed(1, first - 1)
        yield from shown
        yield from (event for event in past if isinstance(event, Corrected) and event.first >= first)
        if self._shown_tail != Tail(""):
            yield self._shown_tail

    def _events(self, record: Record, *, backlog: bool) -> Iterator[CaptionEvent]:
        if isinstance(record, Segment | Translation):
            if self._language in (None, record.language) and record.number > self._last:
                yield from self._caption(record, backlog=backlog)
        elif isinstance(record, Correction):
            span = (record.first, record.last)
            if record.revision > self._revisions.get(span, -1):
                self._revisions[span] = record.revision
                yield Corrected(record.first, record.last, record.text)
        elif isinstance(record, PartialResult | FinalResult):
            self._tail.hear(record)
        elif isinstance(record, SessionEnded) and self._is_end(record):
            self._tail.end(record.take)
        if self._language is None and (tail := self._tail.now()) != self._shown_tail:
            self._shown_tail = tail
            yield tail

    def _caption(self, record: Segment | Translation, *, backlog: bool) -> Iterator[CaptionEvent]:
        if not backlog and record.number > self._last + 1:
            yield Missed(self._last + 1, record.number - 1)
        self._last = record.number
        if isinstance(record, Segment):
            self._tail.commit(record)
        now = self._clock.now()
        if not backlog:
            self._metrics.observe(Metric.CAPTION_LATENCY, now - record.captured_at, language=record.language)
            if now < record.captured_at:
                self._metrics.count(Metric.CLOCK_SKEW_DETECTED)
        yield Caption(
            number=record.number,
            language=record.language,
            text=record.text,
            start=record.start,
            end=record.end,
            status=record.status,
            captured_at=record.captured_at,
            hops=record.hops,
            received_at=now,
            backlog=backlog,
            speaker=record.speaker,
        )
