"""A stage for the sinks: streams that the test publishes to, on virtual time, and subscribers that listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Sequence
from typing import Any, TypeVar

from shared.codec import encode
from shared.metrics import MemoryMetrics
from shared.models import (
    FinalResult,
    PartialResult,
    Record,
    Segment,
    SessionEnded,
    Silence,
    Speech,
    Status,
    Translation,
    TranslationCorrection,
    Word,
)
from shared.streams import Entry, MemoryStream, StreamName
from sinks import AudioSubscriber, Caption, CaptionSubscriber, Tail
from tests.support.virtual_time import VirtualClock

Event = TypeVar("Event")


def _streams(record: Record | bytes) -> list[StreamName]:
    match record:
        case PartialResult() | FinalResult() | Silence():
            return [StreamName.TRANSCRIPTS]
        case Translation() | TranslationCorrection():
            return [StreamName.TRANSLATIONS]
        case Speech():
            return [StreamName.SPEECH]
        case SessionEnded(language=str()):
            return [StreamName.TRANSLATIONS, StreamName.SPEECH]
    return [StreamName.UNIQUE_SEGMENTS]


class SubscriberHarness:
    """Publishes records, and collects what subscribers yield."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.metrics = MemoryMetrics()
        self.streams = {name: MemoryStream(name, clock=self.clock) for name in StreamName}

    async def publish(self, *records: Record | bytes, stream: StreamName | None = None) -> None:
        """Publishes records, each on the stream where it belongs unless `stream` says otherwise."""
        for record in records:
            data = record if isinstance(record, bytes) else encode(record)
            for name in [stream] if stream else _streams(record):
                await self.streams[name].publish([Entry(getattr(record, "key", "talk"), data)])
        await asyncio.sleep(0.01)

    async def captions(self, language: str | None = None, **options: Any) -> list[Any]:
        """A list that grows as captions come."""
        return await self._collect(
            CaptionSubscriber(self.streams, "talk", language, clock=self.clock, metrics=self.metrics, **options)
        )

    async def audio(self, language: str = "es", **options: Any) -> list[Any]:
        """A list that grows as audio comes; its last entry is `end` once the iteration is over."""
        return await self._collect(
            AudioSubscriber(self.streams, "talk", language, clock=self.clock, metrics=self.metrics, **options)
        )

    async def _collect(self, subscriber: Any) -> list[Any]:
        events: list[Any] = []
        await subscriber.__aenter__()
        task = asyncio.create_task(self._iterate(subscriber, events))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        await asyncio.sleep(0.01)
        return events

    async def _iterate(self, subscriber: Any, events: list[Any]) -> None:
        try:
            iterable: AsyncIterable[Any] = subscriber
            async for event in iterable:
                events.append(event)  # noqa: PERF401 - the test looks at the list while it grows
            events.append("end")
        finally:
            await subscriber.__aexit__(None, None, None)


_tasks: set[asyncio.Task[None]] = set()


def words(text: str, start: int = 0) -> tuple[Word, ...]:
    """Words of 300 ms one behind the other."""
    made: list[Word] = []
    for item in text.split():
        length = 300 if any(map(str.isalnum, item)) else 0
        made.append(Word(item, start, start + length))
        start += length
    return tuple(made)


def segment(number: int, text: str, start: int = 0, **fields: Any) -> Segment:
    items = words(text, start)
    end = items[-1].end if items else start
    base: dict[str, Any] = {"language": "en", "captured_at": 0, "words": items}
    return Segment(session="talk", number=number, text=text.replace(" .", "."), start=start, end=end, **base | fields)


def result(kind: type[PartialResult] | type[FinalResult], text: str, start: int = 0, **fields: Any) -> Record:
    items = words(text, start)
    end = items[-1].end if items else start
    base: dict[str, Any] = {"take": 1, "utterance": 1, "position": end, "captured_at": 0}
    return kind(session="talk", start=start, end=end, items=items, **base | fields)


def translation(number: int, text: str, status: Status = Status.OK, language: str = "es") -> Translation:
    return Translation(
        session="talk", captured_at=0, number=number, language=language, text=text, start=0, end=300, status=status
    )


def speech(number: int, offset: int, payload: bytes, *, attempt: int = 1, last: bool = False, **fields: Any) -> Speech:
    """A chunk of Spanish at 1000 samples a second."""
    base: dict[str, Any] = {"language": "es", "captured_at": 0, "start": 0, "end": 0, "rate": 8000}
    return Speech(
        session="talk", number=number, offset=offset, payload=payload, attempt=attempt, last=last, **base | fields
    )


def ended(language: str | None = None) -> SessionEnded:
    return SessionEnded(session="talk", captured_at=0, language=language)


def shown(events: Sequence[object]) -> list[object]:
    """Captions as (number, text), tails as "steady|unstable", the rest as it is."""
    return [_shown(event) for event in events]


def _shown(event: object) -> object:
    match event:
        case Caption():
            return (event.number, event.text)
        case Tail(text, unstable):
            return f"{text}|{unstable}"
    return event
