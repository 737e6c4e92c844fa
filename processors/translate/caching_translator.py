"""A translation engine with a cache before it."""

from __future__ import annotations

from processors.translate.budget import Reservation
from processors.translate.cache import TranslationCache, cache_key
from processors.translate.style import PLAIN, Style
from processors.translate.translator import Translator
from shared.metrics import Metric, Metrics


class CachingTranslator:
    """Asks the engine, for one style, only for what the cache does not hold; `cache` is None where nothing is kept."""

    def __init__(
        self, engine: Translator, cache: TranslationCache | None, metrics: Metrics, style: Style = PLAIN
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._metrics = metrics
        self._style = style

    async def translate(
        self, text: str, source: str, target: str, reservation: Reservation | None = None
    ) -> str | None:
        """The text in `target`, None where the reservation of its cost is refused; raises what the engine raises."""
        if self._cache is None:
            return await self._translate(text, source, target, reservation)
        kept = await self._cache.get(self._key(text, source, target))
        self._metrics.observe(Metric.CACHE_HIT_RATE, 0 if kept is None else 100, stage="translate")
        if kept is not None:
            return kept
        made = await self._translate(text, source, target, reservation)
        if made is not None:
            # By the style that it was made in, which the engine may have found out just now.
            await self._cache.put(self._key(text, source, target), made)
            self._metrics.gauge(Metric.CACHE_SIZE, self._cache.size, stage="translate")
        return made

    def _key(self, text: str, source: str, target: str) -> str:
        return cache_key(text, source, target, self._engine.name, self._engine.applied(self._style))

    async def _translate(self, text: str, source: str, target: str, reservation: Reservation | None) -> str | None:
        if reservation is not None and not await reservation.granted():
            return None
        return await self._engine.translate(text, source, target, self._style)
