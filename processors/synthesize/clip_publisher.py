"""The audio of one translation on its way out."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from processors.contract import Context
from processors.synthesize.chunks import Chunks
from processors.synthesize.synthesizer import Synthesizer
from shared.metrics import Metric
from shared.models import Speech, Status, Translation
from shared.streams import StreamName


class ClipPublisher:
    """Emits a translation's chunks as they are made; each attempt begins at the clip's beginning."""

    def __init__(self, context: Context, translation: Translation, engine: Synthesizer) -> None:
        self._context = context
        self._translation = translation
        self._engine = engine
        self._first_sent = False

    async def publish(self, attempt: int, tempo: float) -> int:
        """Publishes it all and returns how long it lasts in ms; raises what the engine raises."""
        chunks = Chunks(self._engine.rate)
        text, language = self._translation.text, self._translation.language
        audio = self._engine.synthesize(text, language, tempo)
        try:
            async for pcm in audio:
                for offset, payload in chunks.add(pcm):
                    self._emit(attempt, tempo, offset, payload)
        finally:
            # An engine whose clip is cancelled shall know it now, not when it is garbage-collected.
            if isinstance(audio, AsyncGenerator):
                await audio.aclose()
        offset, payload = chunks.rest()
        self._emit(attempt, tempo, offset, payload, last=True)
        return round(chunks.offset * 1000 / self._engine.rate)

    def publish_empty(self, attempt: int, status: Status) -> None:
        """Publishes that there is no audio, or no more of it, and why."""
        self._emit(attempt, 1.0, 0, b"", last=True, status=status)

    def _emit(
        self, attempt: int, tempo: float, offset: int, payload: bytes, *, last: bool = False, status: Status = Status.OK
    ) -> None:
        made = self._translation
        if payload and not self._first_sent:
            self._first_sent = True
            latency = self._context.clock.now() - made.captured_at
            self._context.metrics.observe(Metric.END_TO_END_LATENCY, latency, language=made.language)
        self._context.emit(
            StreamName.SPEECH,
            Speech(
                session=made.session,
                captured_at=made.captured_at,
                hops=made.hops,
                number=made.number,
                language=made.language,
                start=made.start,
                end=made.end,
                attempt=attempt,
                offset=offset,
                last=last,
                payload=payload,
                rate=self._engine.rate,
                tempo=tempo,
                status=status,
            ),
        )
