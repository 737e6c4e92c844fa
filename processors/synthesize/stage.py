"""The synthesize stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Stage
from processors.synthesize.operator import Speaker
from processors.synthesize.synthesizer import Synthesizer
from shared.models import Record
from shared.streams import StreamName


class SynthesizeStage(Stage):
    """Translations in, speech out; every language of a session has its operator."""

    name = "synthesize"
    reads = StreamName.TRANSLATIONS

    def __init__(self, engine: Synthesizer) -> None:
        self._engine = engine

    def key(self, record: Record) -> str:
        return record.key

    def operator(self, context: Context) -> Operator:
        return Speaker(context, self._engine)

    async def close(self) -> None:
        await self._engine.close()
