"""A translation engine with a cache before it."""

from __future__ import annotations

from processors.translate.cache import TranslationCache, cache_key
from processors.translate.translator import Translator
from shared.metrics import Metric, Metrics


class CachedTranslation:
    """Asks the engine only for what the cache does not hold; `cache` is None where nothing shall be kept."""

    def __init__(self, engine: Translator, cache: TranslationCache | None, metrics: Metrics) -> None:
        self._engine = engine
        self._cache = cache
        self._metrics = metrics

    async def translate(self, text: str, source: str, target: str) -> str:
        """The text in `target`; raises what the engine raises."""
        key = cache_key(text, source, target)
        if self._cache is None or key is None:
            return await self._engine.translate(text, source, target)
        kept = await self._cache.get(key)
        self._metrics.observe(Metric.CACHE_HIT_RATE, 0 if kept is None else 100, stage="translate")
        if kept is not None:
            return kept
        made = await self._engine.translate(text, source, target)
        await self._cache.put(key, made)
        self._metrics.gauge(Metric.CACHE_SIZE, self._cache.size, stage="translate")
        return made
