"""Translates one session into all its languages at once."""

from __future__ import annotations

import asyncio
import logging

from processors.contract import Closing, Context, Input, Operator
from processors.engines.retry import HeldInput, RetryPolicy
from processors.translate.budget import Budget
from processors.translate.cache import TranslationCache
from processors.translate.caching_translator import CachingTranslator
from processors.translate.language import LanguageTranslator
from processors.translate.style import Style
from processors.translate.translator import Translator
from processors.translate.usage import Usage
from shared.errors import RefusedTooLong, SettingError
from shared.metrics import Metric
from shared.models import Correction, Segment, SessionEnded

log = logging.getLogger(__name__)

#: Seconds between two polls of which languages are wanted.
_REFRESH_INTERVAL = 5.0


class SessionTranslator(Operator):
    """Hands each segment to every target language and acks it when the last of them has emitted.

    So it does with a correction of a number or an amount.
    """

    def __init__(self, context: Context, engine: Translator, cache: TranslationCache, usage: Usage) -> None:
        self._context = context
        self._engine = engine
        self._cache = cache
        self._usage = usage
        self._languages: list[LanguageTranslator] = []
        self._wanted: frozenset[str] | None = None
        self._last = 0
        #: Range of numbers -> the highest revision translated; as bounded as the session is.
        self._revisions: dict[tuple[int, int], int] = {}

    async def start(self) -> None:
        session = await self._context.store.load(self._context.key)
        settings = self._context.settings.tolerate(session.settings, self._refused)
        cache = self._cache if settings.translation_cache else None
        translator = CachingTranslator(self._engine, cache, self._context.metrics, Style.of(settings))
        budget = Budget(self._context, self._usage, settings) if self._engine.billed else None
        self._want(session.wanted)
        for language in dict.fromkeys(session.target_languages):
            retry_policy = RetryPolicy(self._context, "translate", language, settings.max_hold)
            line = LanguageTranslator(
                self._context, session.source_language, language, translator, retry_policy, self._is_wanted, budget
            )
            self._languages.append(line)
            self._context.spawn(line.run())
        self._context.spawn(self._refresh())

    async def process(self, received: Input) -> None:
        match received.record:
            case Segment() as segment:
                if segment.number <= self._last:
                    self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="translate")
                    self._context.ack(received)
                else:
                    self._last = segment.number
                    self._fan_out(received, segment)
            case SessionEnded() as end:
                self._fan_out(received, end)
            case Correction() as correction:
                span = (correction.first, correction.last)
                if not correction.number_wrong:
                    # What reads better is for captions of the source language; what was translated stands.
                    self._context.ack(received)
                elif correction.revision <= self._revisions.get(span, -1):
                    self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="translate")
                    self._context.ack(received)
                else:
                    self._revisions[span] = correction.revision
                    self._fan_out(received, correction)
            case other:
                raise TypeError(f"expected a Segment, Correction or SessionEnded, got {type(other).__name__}")

    async def close(self, closing: Closing) -> None:
        if closing is Closing.SHARD_END:
            for language in self._languages:
                await language.drained()

    def _fan_out(self, received: Input, record: Segment | Correction | SessionEnded) -> None:
        held = HeldInput(received, asyncio.get_running_loop().time())
        waiting = len(self._languages)

        def done() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                self._context.ack(received)

        for language in self._languages:
            language.put((held, record, done))
        if not self._languages:
            self._context.ack(received)

    def _refused(self, error: SettingError) -> None:
        log.warning("translate: session %s goes without a setting of its own: %s", self._context.key, error)

    def _is_wanted(self, language: str) -> bool:
        return self._wanted is None or language in self._wanted

    def _want(self, languages: tuple[str, ...] | None) -> None:
        self._wanted = None if languages is None else frozenset(languages)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_INTERVAL)
            try:
                session = await self._context.store.load(self._context.key)
            except RefusedTooLong as error:
                log.warning("translate: %s goes on with the languages it knows: %s", self._context.key, error)
            else:
                self._want(session.wanted)
