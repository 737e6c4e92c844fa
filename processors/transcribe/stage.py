"""The transcribe stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Outlet, Stage
from processors.transcribe.idle_sessions import IdleSessions
from processors.transcribe.operator import Transcriber
from processors.transcribe.recogniser import RecogniserEngine
from shared.models import AudioFrame
from shared.streams import StreamName


class TranscribeStage(Stage):
    """Audio in, results out; `sweep`, where given, proposes to end forgotten sessions."""

    name = "transcribe"
    reads = StreamName.AUDIO
    ingests = (AudioFrame,)

    def __init__(self, engine: RecogniserEngine, sweep: IdleSessions | None = None) -> None:
        self._engine = engine
        self._sweep = sweep

    def operator(self, context: Context) -> Operator:
        return Transcriber(context, self._engine)

    async def watch(self, outlet: Outlet) -> None:
        if self._sweep is not None:
            await self._sweep.run(outlet)

    async def close(self) -> None:
        await self._engine.close()
