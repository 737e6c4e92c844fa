"""One take at work: fed from the timeline, and read until it ends or drops."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol

from processors.contract import Context
from processors.transcribe.feeder import Feeder, StopReason
from processors.transcribe.hypotheses import Hypotheses
from processors.transcribe.intake import Intake
from processors.transcribe.progress import Progress
from processors.transcribe.recogniser import Recogniser, RecogniserEngine
from processors.transcribe.silences import Silences
from shared.models import Result
from shared.streams import StreamName

#: Seconds that a recogniser has to finish: to give the final of what it was fed.
_FINISH_TIMEOUT = 15.0
_FINISH_TIMEOUT_AT_SHARD_END = 5.0
#: Why a take that is fed no more counts as dropped.
_DROPS = (StopReason.SILENT, StopReason.NOISE, StopReason.STALLED)


class RecognitionEvents(Protocol):
    """Who is told what a take hears; positions are samples."""

    def on_result(self, result: Result, hypotheses: Hypotheses, position: int) -> None:
        """It said something, having been fed up to `position`."""

    def on_fed(self, hypotheses: Hypotheses, position: int) -> None:
        """It was fed up to `position`."""

    def on_noise(self, position: int) -> None:
        """What it was fed up to `position` is to be given up as noise."""


class Recognition:
    """Runs an open recogniser from sample `position` on."""

    def __init__(
        self,
        context: Context,
        intake: Intake,
        engine: RecogniserEngine,
        recogniser: Recogniser,
        hypotheses: Hypotheses,
        progress: Progress,
        position: int,
        events: RecognitionEvents,
    ) -> None:
        self._context = context
        self._intake = intake
        self._recogniser = recogniser
        self._hypotheses = hypotheses
        self._events = events
        publish = partial(context.emit, StreamName.TRANSCRIPTS)
        self._silences = Silences(recogniser, engine, hypotheses, intake.settings.pause_threshold, publish)
        self._feeder = Feeder(intake, recogniser, engine, hypotheses, progress, self._silences, position)

    @property
    def position(self) -> int:
        """The sample behind the last one fed."""
        return self._feeder.position

    async def run(self) -> object | None:
        """Returns None where it ended cleanly, else why it dropped."""
        reading = asyncio.create_task(self._read())
        feeding = asyncio.create_task(self._feeder.feed(lambda: self._context.tip, self._on_fed, self._on_noise))
        try:
            await asyncio.wait({reading, feeding}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.exception() or "its results ended"
            if (error := feeding.exception()) is not None:
                return error
            stop = feeding.result()
            return stop if stop in _DROPS else await self._end(reading)
        finally:
            feeding.cancel()
            reading.cancel()
            await asyncio.gather(feeding, reading, return_exceptions=True)

    async def _read(self) -> None:
        async for hypothesis in self._recogniser:
            result = self._hypotheses.result(hypothesis)
            if result is not None:
                self._silences.on_hypothesis()
                self._events.on_result(result, self._hypotheses, self.position)

    async def _end(self, reading: asyncio.Task[None]) -> object | None:
        """Finishes the recogniser; None where it gave its last final, or had no time to."""
        hurried = self._intake.closed and not self._intake.session_ended
        try:
            async with asyncio.timeout(_FINISH_TIMEOUT_AT_SHARD_END if hurried else _FINISH_TIMEOUT):
                await self._recogniser.finish()
                await asyncio.wait({reading})
            return reading.exception()
        except TimeoutError:
            return None if hurried else "it did not end"

    def _on_fed(self) -> None:
        self._events.on_fed(self._hypotheses, self.position)

    def _on_noise(self) -> None:
        self._events.on_noise(self.position)
