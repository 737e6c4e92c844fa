"""Speech of one session in one language, as it is to be played."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from shared.clock import Clock, SystemClock
from shared.metrics import MemoryMetrics, Metrics
from shared.models import SessionEnded, Speech
from shared.sessions import SessionStore
from shared.streams import LATEST, Start, Stream, StreamName
from sinks.admission import Admission
from sinks.audio.events import AudioEvent
from sinks.audio.playlist import PlayList
from sinks.records import Received, SessionRecords
from sinks.subscriber import REACH_BACK, Subscriber, check_place

#: Seconds for which a clip that is missing delays the next.
PATIENCE = 5.0


class AudioSubscriber(Subscriber[AudioEvent]):
    """Yields chunks in playing order: `async with AudioSubscriber(streams, session, "es") as audio: async for ...`.

    Clips come in the order of their numbers, each once, chunk by chunk as they arrive. One that joins late hears the
    clips that begin after it joined, or in the `reach_back` s before, and is told which it missed. One that takes up
    where another was is given the number of the last clip that had played (0 for none) as `after`: it hears every clip
    behind that, from 60 s before it joined on unless `reach_back` says otherwise, and is told which are gone. It ends
    when the session has and every clip that began has come, or was waited for. `streams` must hold speech; a `store` is
    asked whether there is such a session and language.
    """

    def __init__(
        self,
        streams: Mapping[StreamName, Stream],
        session: str,
        language: str,
        *,
        patience: float = PATIENCE,
        after: int | None = None,
        reach_back: float | None = None,
        store: SessionStore | None = None,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        check_place(after, reach_back)
        if not patience >= 0:
            raise ValueError(f"expected `patience` to be 0 s or more, got {patience}")
        if reach_back is None:
            reach_back = 0.0 if after is None else REACH_BACK
        start = Start(ago=round(reach_back * 1000)) if reach_back else LATEST
        super().__init__(
            SessionRecords({StreamName.SPEECH: streams[StreamName.SPEECH]}, start, session, metrics or MemoryMetrics()),
            None if store is None else Admission(store, session, language, resumes=after is not None),
        )
        self._language = language
        self._clock = clock or SystemClock()
        self._patience = patience
        self._list = PlayList(patience, after)
        #: Why the session ends, and the loop time (s) at which its last clips are waited for no longer.
        self._ending: tuple[str, float] | None = None

    @property
    def _deadline(self) -> float | None:
        ending = None if self._ending is None else self._ending[1]
        return min((deadline for deadline in (ending, self._list.deadline) if deadline is not None), default=None)

    def _overdue(self) -> Iterator[AudioEvent]:
        yield from self._list.give_up(asyncio.get_running_loop().time(), self._clock.now())
        self._look_for_end()

    def _take(self, received: Received) -> Iterator[AudioEvent]:
        record, now = received.record, asyncio.get_running_loop().time()
        if isinstance(record, Speech) and record.language == self._language:
            yield from self._list.add(record, now, self._clock.now())
        elif isinstance(record, SessionEnded) and record.language == self._language and self._ending is None:
            # Of two workers on one session the first may end it while a newer attempt of the second's is coming.
            self._ending = record.reason, now + self._patience
        self._look_for_end()

    def _finish(self) -> Iterator[AudioEvent]:
        return self._list.finish(asyncio.get_running_loop().time(), self._clock.now())

    def _unheard(self, last: int) -> Iterator[AudioEvent]:
        return self._list.unheard(last)

    def _look_for_end(self) -> None:
        if self._ending is not None:
            reason, until = self._ending
            if not self._list.open or asyncio.get_running_loop().time() >= until:
                self._reason = reason
