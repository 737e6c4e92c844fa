"""Captions of one session, in its source language or in a target language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from shared.clock import Clock, SystemClock
from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.models import (
    Correction,
    FinalResult,
    PartialResult,
    Record,
    Segment,
    SessionEnded,
    Translation,
    TranslationCorrection,
)
from shared.sessions import SessionStore
from shared.streams import Start, Stream, StreamName
from sinks.admission import Admission
from sinks.captions.backlog import Backlog
from sinks.captions.events import Caption, CaptionEvent, Corrected, Missed, Tail
from sinks.captions.tail import TailText
from sinks.records import Received, SessionRecords
from sinks.subscriber import LOOKBACK_S, Subscriber, check_position


class CaptionSubscriber(Subscriber[CaptionEvent]):
    """Yields what is to be shown: `async with CaptionSubscriber(streams, session) as captions: async for event ...`.

    Without a `language` they are the source language's: committed captions, the live tail, and corrections. With one
    they are translations, and corrections where a number or an amount was wrong. A subscriber that joins late is first
    shown the last `backlog` captions of those that came in the `lookback_s` s (60 by default) before it joined, and
    told what it missed. One that takes up where another was is given the number of the last caption that one had (0 for
    none) as `after`: it is shown every caption behind that, as far as `lookback_s` goes, and told which are gone. It
    ends when the session has. `streams` must hold transcripts and unique-segments, or translations; a `store` is asked
    whether there is such a session and language, and how many captions of it there were.
    """

    def __init__(
        self,
        streams: Mapping[StreamName, Stream],
        session: str,
        language: str | None = None,
        *,
        backlog: int = 3,
        after: int | None = None,
        lookback_s: float | None = None,
        store: SessionStore | None = None,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        check_position(after, lookback_s)
        if backlog < 0:
            raise ValueError(f"expected `backlog` to be 0 or more, got {backlog}")
        reads = [StreamName.TRANSLATIONS] if language else [StreamName.TRANSCRIPTS, StreamName.UNIQUE_SEGMENTS]
        self._metrics = metrics or MemoryMetrics()
        start = Start(ago=round((LOOKBACK_S if lookback_s is None else lookback_s) * 1000))
        super().__init__(
            SessionRecords({name: streams[name] for name in reads}, start, session, self._metrics),
            None if store is None else Admission(store, session, language, resumes=after is not None),
        )
        self._language = language
        self._clock = clock or SystemClock()
        self._tail = TailText()
        self._shown_tail = Tail("")
        self._last = after or 0
        self._revisions: dict[tuple[int, int], int] = {}
        #: What came before it joined; None once that was told.
        self._backlog: Backlog | None = Backlog(backlog) if after is None else Backlog(None, after)
        #: What came meanwhile.
        self._meanwhile: list[Received] = []

    def _process(self, received: Received) -> Iterator[CaptionEvent]:
        record = received.record
        if self._backlog is not None and received.backlog:
            for event in self._events_of(record, backlog=True):
                self._backlog.add(event)
            if self._is_caption(record):
                self._backlog.seen(record)
        elif self._backlog is not None and not self._is_caption(record):
            self._meanwhile.append(received)
        else:
            # Behind a caption that came meanwhile there is no backlog any more.
            yield from self._caught_up()
            yield from self._events_of(record, backlog=received.backlog)
        if isinstance(record, SessionEnded) and self._is_end(record) and received.stream is not StreamName.TRANSCRIPTS:
            yield from self._caught_up()
            self._reason = record.reason

    def _caught_up(self) -> Iterator[CaptionEvent]:
        if self._backlog is None:
            return
        yield from self._backlog.events(self._last)
        if self._shown_tail != Tail(""):
            yield self._shown_tail
        self._backlog = None
        for received in self._meanwhile:
            yield from self._events_of(received.record, backlog=False)
        self._meanwhile = []

    def _missed(self, last: int) -> Iterator[CaptionEvent]:
        if last > self._last:
            yield Missed(self._last + 1, last)

    def _is_caption(self, record: Record) -> TypeGuard[Segment | Translation]:
        return isinstance(record, Segment | Translation) and self._language in (None, record.language)

    def _is_end(self, record: SessionEnded) -> bool:
        return record.language == self._language

    def _events_of(self, record: Record, *, backlog: bool) -> Iterator[CaptionEvent]:
        if self._is_caption(record):
            if record.number > self._last:
                yield from self._caption(record, backlog=backlog)
        elif isinstance(record, Correction | TranslationCorrection):
            wanted = isinstance(record, Correction) or record.language == self._language
            if wanted and record.revision > self._corrected(record.first, record.last):
                self._revisions[record.first, record.last] = record.revision
                yield Corrected(record.first, record.last, record.text)
        elif isinstance(record, PartialResult | FinalResult):
            self._tail.update(record)
        elif isinstance(record, SessionEnded) and self._is_end(record):
            self._tail.end(record.take)
        if self._language is None and (tail := self._tail.now()) != self._shown_tail:
            self._shown_tail = tail
            yield tail

    def _corrected(self, first: int, last: int) -> int:
        """The newest revision of a correction of some of these numbers; -1 where there is none."""
        spans = self._revisions.items()
        return max((revision for (begin, end), revision in spans if begin <= last and first <= end), default=-1)

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
