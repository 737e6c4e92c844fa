"""The transcribe stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Outlet, Stage
from processors.transcribe.idle_sessions import IdleSessions
from processors.transcribe.operator import Transcriber
from processors.transcribe.recogniser import RecogniserEngine
from shared.models import AudioFrame
from shared.streams import StreamName


class TranscribeStage(Stage):
    """Audio in, results out; `idle_sessions`, where given, proposes to end those."""

    name = "transcribe"
    reads = StreamName.AUDIO
    ingests = (AudioFrame,)

    def __init__(self, engine: RecogniserEngine, idle_sessions: IdleSessions | None = None) -> None:
        self._engine = engine
        self._idle_sessions = idle_sessions

    def operator(self, context: Context) -> Operator:
        return Transcriber(context, self._engine)

    async def watch(self, outlet: Outlet) -> None:
        if self._idle_sessions is not None:
            await self._idle_sessions.run(outlet)

    async def close(self) -> None:
        await self._engine.close()
