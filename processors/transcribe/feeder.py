"""Feeds one take from the timeline: paced, resampled, and watched for a recogniser that has gone silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from processors.transcribe.hypotheses import FedAudio, Hypotheses
from processors.transcribe.intake import Intake
from processors.transcribe.progress import Progress, TakeAction
from processors.transcribe.recogniser import Recogniser, RecogniserEngine
from processors.transcribe.silences import Silences
from processors.transcribe.timeline import Chunk
from processors.transcribe.voice_activity import is_quiet
from shared.models import SAMPLE_BYTES

if TYPE_CHECKING:
    import soxr

#: Audio (s) fed in one go.
_PIECE = 0.1
#: Seconds that a recogniser has to accept a piece.
_FEED_TIMEOUT = 30.0
#: Seconds without audio after which a take ends; a reader may learn so many s late that it is at the tip, and is
#: waited for so many more where it is further back.
NO_AUDIO = 10.0
_TIP_LAG = 5.0
_TIP_KNOWN = 4.0
#: Seconds between two polls for audio that does not come.
_POLL_INTERVAL = 0.5
#: Seconds of an open utterance after which it is ended.
MAX_UTTERANCE = 45.0


class StopReason(StrEnum):
    """Why a take is fed no more."""

    NO_AUDIO = "no audio came for a while"
    GAP = "the audio goes on elsewhere"
    LONG_UTTERANCE = "the utterance grew too long"
    LAST = "the last audio was fed"
    SILENT = "the recogniser said nothing new of audio that is not quiet"
    NOISE = "the recogniser said nothing of minutes of audio that is not quiet"
    STALLED = "no audio could be read for a while"


class Feeder:
    """Moves through a session's timeline from `position` (samples) on."""

    def __init__(
        self,
        intake: Intake,
        recogniser: Recogniser,
        engine: RecogniserEngine,
        hypotheses: Hypotheses,
        progress: Progress,
        silences: Silences,
        position: int,
    ) -> None:
        self._intake = intake
        self._timeline = intake.timeline
        self._recogniser = recogniser
        self._engine = engine
        self._hypotheses = hypotheses
        self._progress = progress
        self._silences = silences
        self._next_at = 0.0
        #: Loop time (s) at which the newest piece was fed.
        self._fed_at = asyncio.get_running_loop().time()
        self._resampler: soxr.ResampleStream | None = None
        if (rate := self._timeline.rate) != engine.rate:
            import soxr  # noqa: PLC0415 - it loads numpy: a tenth of a second for each command that never hears audio

            self._resampler = soxr.ResampleStream(rate, engine.rate, 1, "int16")
        #: The sample behind the last one fed.
        self.position = position

    async def feed(
        self, tip: Callable[[], float | None], on_fed: Callable[[], None], on_noise: Callable[[], None]
    ) -> StopReason:
        """Feeds until there is a reason to stop.

        `tip` is that of the context; `on_fed` is called behind each piece, `on_noise` where all that was fed is to be
        given up as noise.
        """
        while True:
            chunk = self._timeline.after(self.position)
            if chunk is None:
                stop = StopReason.LAST if self._intake.complete else await self._await_audio(tip)
                if stop is None:
                    continue
            elif chunk.start > self.position:
                stop = StopReason.GAP
            else:
                action = await self._feed_piece(chunk)
                on_fed()
                if action is TakeAction.DROP:
                    return StopReason.SILENT
                if action is not TakeAction.CONTINUE or (self._is_long and self._progress.is_noise):
                    on_noise()
                    if action is TakeAction.NOISE_REOPEN:
                        return StopReason.NOISE
                if not self._is_long:
                    continue
                stop = StopReason.LONG_UTTERANCE
            if stop is not StopReason.STALLED:
                await self._flush()
            return stop

    @property
    def _is_long(self) -> bool:
        start = self._hypotheses.open_start
        return start is not None and self.position / self._timeline.rate - start / 1000 >= MAX_UTTERANCE

    async def _await_audio(self, tip: Callable[[], float | None]) -> StopReason | None:
        """Waits for audio; None where there may be some."""
        now = asyncio.get_running_loop().time
        changed = self._intake.changed
        changed.clear()
        while True:
            left = self._fed_at + NO_AUDIO - now()
            try:
                async with asyncio.timeout(min(_POLL_INTERVAL, left) if left > 0 else _POLL_INTERVAL):
                    await changed.wait()
                return None
            except TimeoutError:
                pass
            known = tip()
            since = now() - self._fed_at
            if since >= NO_AUDIO and known is not None and known - self._fed_at >= NO_AUDIO - _TIP_LAG:
                return StopReason.NO_AUDIO
            if since >= NO_AUDIO + _TIP_KNOWN:
                return StopReason.STALLED
            position = self._timeline.milliseconds(self.position)
            self._silences.check(position)
            if not self._timeline.waiting:
                self._silences.at_tip(position, known, self._fed_at)

    async def _feed_piece(self, chunk: Chunk) -> TakeAction:
        rate = self._timeline.rate
        first = (self.position - chunk.start) * SAMPLE_BYTES
        piece = chunk.pcm[first : first + round(_PIECE * rate) * SAMPLE_BYTES]
        samples = len(piece) // SAMPLE_BYTES
        await self._pace(samples / rate)
        loud = not is_quiet(piece)
        self.position += samples
        position = self._timeline.milliseconds(self.position)
        self._hypotheses.on_fed(FedAudio(position, chunk.captured_at, chunk.hops))
        now = asyncio.get_running_loop().time
        began = now()
        async with asyncio.timeout(_FEED_TIMEOUT):
            await self._recogniser.feed(self._resampled(piece, last=False))
        self._fed_at = now()
        self._silences.on_fed(loud=loud, waiting=(self._timeline.end - self.position) / rate, took=self._fed_at - began)
        # A recogniser that takes audio without waiting must still get its results out between pieces.
        await asyncio.sleep(0)
        self._silences.check(position)
        return self._progress.on_loud_audio(self.position - samples, samples) if loud else TakeAction.CONTINUE

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
