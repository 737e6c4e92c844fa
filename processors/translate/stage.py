"""The translate stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Stage
from processors.translate.cache import TranslationCache
from processors.translate.operator import SessionTranslator
from processors.translate.translator import Translator
from processors.translate.usage import MemoryUsage, Usage
from shared.streams import StreamName


class TranslateStage(Stage):
    """Segments in, one translation a target language out; `usage` is where an engine's cost is written down."""

    name = "translate"
    reads = StreamName.UNIQUE_SEGMENTS

    def __init__(self, engine: Translator, cache: TranslationCache, usage: Usage | None = None) -> None:
        self._engine = engine
        self._cache = cache
        self._usage = usage or MemoryUsage()

    def operator(self, context: Context) -> Operator:
        return SessionTranslator(context, self._engine, self._cache, self._usage)

    async def close(self) -> None:
        await self._engine.close()
        await self._cache.close()
        await self._usage.close()
