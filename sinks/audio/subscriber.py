"""Speech of one session in one language, as it is to be played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

from shared.clock import Clock, SystemClock
from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.models import SessionEnded, Speech
from shared.streams import LATEST, Stream, StreamName
from sinks.audio.events import AudioEvent
from sinks.audio.playlist import PlayList
from sinks.records import SessionRecords

#: Seconds for which a clip that is missing delays the next.
PATIENCE = 5.0
#: The tempos that speech may have.
_SLOWEST, _FASTEST = 0.1, 10.0


class AudioSubscriber:
    """Yields chunks in playing order: `async with AudioSubscriber(streams, session, "es") as audio: async for ...`.

    Clips come in the order of their numbers, each once, chunk by chunk as they arrive. One that joins late hears the
    clips that begin after it joined. It ends when the session has and every clip that began has come, or was waited
    for. `streams` must hold speech.
    """

    def __init__(
        self,
        streams: Mapping[StreamName, Stream],
        session: str,
        language: str,
        *,
        patience: float = PATIENCE,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._language = language
        self._clock = clock or SystemClock()
        reads = {StreamName.SPEECH: streams[StreamName.SPEECH]}
        self._metrics = metrics or MemoryMetrics()
        self._records = SessionRecords(reads, LATEST, session, self._metrics)
        self._patience = patience
        self._list = PlayList(patience)

    async def __aenter__(self) -> Self:
        await self._records.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._records.__aexit__(kind, error, traceback)

    async def __aiter__(self) -> AsyncIterator[AudioEvent]:
        loop = asyncio.get_running_loop()
        #: When the session's end is waited for no longer; None while the session goes on.
        ending: float | None = None
        while ending is None or (self._list.open and loop.time() < ending):
            deadlines = [deadline for deadline in (ending, self._list.deadline) if deadline is not None]
            try:
                async with asyncio.timeout_at(min(deadlines, default=None)):
                    _, record = await self._records.receive()
            except TimeoutError:
                for event in self._list.give_up(loop.time(), self._clock.now()):
                    yield event
                continue
            if isinstance(record, Speech) and not _SLOWEST <= record.tempo <= _FASTEST:
                self._metrics.count(Metric.UNREADABLE_RECORDS, stream=StreamName.SPEECH)
            elif isinstance(record, Speech) and record.language == self._language:
                for event in self._list.add(record, loop.time(), self._clock.now()):
                    yield event
            elif isinstance(record, SessionEnded) and record.language == self._language and ending is None:
                # Of two workers on one session the first may end it while a newer attempt of the second's is coming.
                ending = loop.time() + self._patience
        for event in self._list.finish(loop.time(), self._clock.now()):
            yield event
