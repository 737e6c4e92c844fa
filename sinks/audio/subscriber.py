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
from sinks.audio.playout_buffer import PlayoutBuffer
from sinks.records import Received, SessionRecords
from sinks.subscriber import LOOKBACK_S, Subscriber, check_position

#: How long a clip that is missing delays the next.
CLIP_TIMEOUT_S = 5.0


class AudioSubscriber(Subscriber[AudioEvent]):
    """Yields chunks in playing order: `async with AudioSubscriber(streams, session, "es") as audio: async for ...`.

    Clips come in the order of their numbers, each once, chunk by chunk as they arrive. One that joins late hears the
    clips that begin after it joined, or in the `lookback_s` s before, and is told which it missed. One that takes up
    where another was is given the number of the last clip that had played (0 for none) as `after`: it hears every clip
    behind that, from 60 s before it joined on unless `lookback_s` says otherwise, and is told which are gone. A clip
    that is missing delays the next by `clip_timeout_s` at most. It ends when the session has and every clip that began
    has come, or timed out. `streams` must hold speech; a `store` is asked whether there is such a session and language.
    """

    def __init__(
        self,
        streams: Mapping[StreamName, Stream],
        session: str,
        language: str,
        *,
        clip_timeout_s: float = CLIP_TIMEOUT_S,
        after: int | None = None,
        lookback_s: float | None = None,
        store: SessionStore | None = None,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        check_position(after, lookback_s)
        if not clip_timeout_s >= 0:
            raise ValueError(f"expected `clip_timeout_s` to be 0 or more, got {clip_timeout_s}")
        if lookback_s is None:
            lookback_s = 0.0 if after is None else LOOKBACK_S
        start = Start(ago=round(lookback_s * 1000)) if lookback_s else LATEST
        super().__init__(
            SessionRecords({StreamName.SPEECH: streams[StreamName.SPEECH]}, start, session, metrics or MemoryMetrics()),
            None if store is None else Admission(store, session, language, resumes=after is not None),
        )
        self._language = language
        self._clock = clock or SystemClock()
        self._clip_timeout_s = clip_timeout_s
        self._buffer = PlayoutBuffer(clip_timeout_s, after)
        #: Why the session ends, and the loop time (s) at which its last clips are waited for no longer.
        self._ending: tuple[str, float] | None = None

    @property
    def _deadline(self) -> float | None:
        ending = None if self._ending is None else self._ending[1]
        return min((deadline for deadline in (ending, self._buffer.deadline) if deadline is not None), default=None)

    def _overdue(self) -> Iterator[AudioEvent]:
        yield from self._buffer.expire(asyncio.get_running_loop().time(), self._clock.now())
        self._look_for_end()

    def _process(self, received: Received) -> Iterator[AudioEvent]:
        record, now = received.record, asyncio.get_running_loop().time()
        if isinstance(record, Speech) and record.language == self._language:
            yield from self._buffer.add(record, now, self._clock.now())
        elif isinstance(record, SessionEnded) and record.language == self._language and self._ending is None:
            # Of two workers on one session the first may end it while a newer attempt of the second's is coming.
            self._ending = record.reason, now + self._clip_timeout_s
        self._look_for_end()

    def _finish(self) -> Iterator[AudioEvent]:
        return self._buffer.finish(asyncio.get_running_loop().time(), self._clock.now())

    def _missed(self, last: int) -> Iterator[AudioEvent]:
        return self._buffer.missed(last)

    def _look_for_end(self) -> None:
        if self._ending is not None:
            reason, until = self._ending
            if not self._buffer.open or asyncio.get_running_loop().time() >= until:
                self._reason = reason
