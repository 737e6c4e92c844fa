"""Feeds one take from the timeline: paced, resampled, and watched for a recogniser that has gone silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum

import soxr

from processors.transcribe.hypotheses import Fed, Hypotheses
from processors.transcribe.loudness import is_quiet
from processors.transcribe.recogniser import Recogniser, RecogniserEngine
from processors.transcribe.timeline import Chunk, Timeline
from shared.models import SAMPLE_BYTES

#: Audio (s) fed in one go.
_PIECE = 0.1
#: Seconds of audio that is not quiet after which a silent recogniser counts as dropped, at first.
PATIENCE = 8.0
#: Seconds that a recogniser has to take a piece.
_TAKING = 30.0
#: Seconds without audio after which a take ends.
NO_AUDIO = 10.0
#: Seconds of an open utterance after which it is ended.
LONGEST_UTTERANCE = 45.0


class Stop(StrEnum):
    """Why a take is fed no more."""

    NO_AUDIO = "no audio came for a while"
    GAP = "the audio goes on elsewhere"
    LONG_UTTERANCE = "the utterance grew too long"
    LAST = "the last audio was fed"
    SILENT = "the recogniser said nothing of audio that is not quiet"


class Feeder:
    """Moves through the timeline from `position` (samples) on."""

    def __init__(
        self,
        timeline: Timeline,
        recogniser: Recogniser,
        engine: RecogniserEngine,
        hypotheses: Hypotheses,
        position: int,
        patience: float,
    ) -> None:
        self._timeline = timeline
        self._recogniser = recogniser
        self._engine = engine
        self._hypotheses = hypotheses
        self._patience = patience
        self._loud = 0
        self._next_at = 0.0
        rate = timeline.rate
        self._resampler = soxr.ResampleStream(rate, engine.rate, 1, "int16") if rate != engine.rate else None
        #: The sample behind the last one fed.
        self.position = position

    def heard_something(self) -> None:
        """A hypothesis came: the recogniser is alive."""
        self._loud = 0
        self._patience = PATIENCE

    async def feed(self, changed: asyncio.Event, is_last: Callable[[], bool], on_fed: Callable[[], None]) -> Stop:
        """Feeds until there is a reason to stop; `changed` is set whenever the timeline grows or ends."""
        while True:
            chunk = self._timeline.after(self.position)
            if chunk is None:
                if is_last():
                    await self._flush()
                    return Stop.LAST
                changed.clear()
                try:
                    async with asyncio.timeout(NO_AUDIO):
                        await changed.wait()
                except TimeoutError:
                    await self._flush()
                    return Stop.NO_AUDIO
                continue
            if chunk.start > self.position:
                await self._flush()
                return Stop.GAP
            await self._feed_piece(chunk)
            on_fed()
            if self._loud >= self._patience * self._timeline.rate:
                return Stop.SILENT
            start = self._hypotheses.open_start
            if start is not None and self.position / self._timeline.rate - start / 1000 >= LONGEST_UTTERANCE:
                await self._flush()
                return Stop.LONG_UTTERANCE

    async def _feed_piece(self, chunk: Chunk) -> None:
        rate = self._timeline.rate
        first = (self.position - chunk.start) * SAMPLE_BYTES
        piece = chunk.pcm[first : first + round(_PIECE * rate) * SAMPLE_BYTES]
        await self._pace(len(piece) / SAMPLE_BYTES / rate)
        self.position += len(piece) // SAMPLE_BYTES
        if not is_quiet(piece):
            self._loud += len(piece) // SAMPLE_BYTES
        self._hypotheses.fed(Fed(self.position * 1000 // rate, chunk.captured_at, chunk.hops))
        async with asyncio.timeout(_TAKING):
            await self._recogniser.feed(self._resampled(piece, last=False))
        # A recogniser that takes audio without waiting must still get its results out between pieces.
        await asyncio.sleep(0)

    async def _pace(self, seconds: float) -> None:
        if self._engine.feed_rate is None:
            return
        now = asyncio.get_running_loop().time()
        self._next_at = max(self._next_at, now)
        await asyncio.sleep(self._next_at - now)
        self._next_at += seconds / self._engine.feed_rate

    def _resampled(self, pcm: bytes, *, last: bool) -> bytes:
        if self._resampler is None:
            return pcm
        import numpy as np  # noqa: PLC0415 - soxr's own dependency, needed only where it is

        resampled: bytes = self._resampler.resample_chunk(np.frombuffer(pcm, dtype="<i2"), last=last).tobytes()
        return resampled

    async def _flush(self) -> None:
        if self._resampler is not None:
            await self._recogniser.feed(self._resampled(b"", last=True))
