"""One target language of a session: its segments one after the other, whatever the other languages do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from processors.contract import Context
from processors.engines.retry import HeldInput, RetriesExhausted, RetryPolicy
from processors.translate.budget import Budget
from processors.translate.caching_translator import CachingTranslator
from shared.models import Correction, Segment, SessionEnded, Status, Translation, TranslationCorrection
from shared.streams import StreamName

#: A segment, a correction or the session's end, as held by the operator, and what to call once its output is out.
Task = tuple[HeldInput, Segment | Correction | SessionEnded, Callable[[], None]]


class LanguageTranslator:
    """Emits one translation for each segment, in order; `wanted` says whether anyone wants the language now.

    A correction becomes one of the translations behind them, or nothing where it cannot be translated: what they say
    stands. `source` is the language of corrections that name none. `budget` is None where the engine costs nothing. A
    segment that it has no room for is skipped.
    """

    def __init__(
        self,
        context: Context,
        source: str,
        language: str,
        translator: CachingTranslator,
        retry_policy: RetryPolicy,
        wanted: Callable[[str], bool],
        budget: Budget | None,
    ) -> None:
        self._context = context
        self._source = source
        self._language = language
        self._translator = translator
        self._retry_policy = retry_policy
        self._wanted = wanted
        self._budget = budget
        self._tasks: asyncio.Queue[Task] = asyncio.Queue()

    def put(self, task: Task) -> None:
        """Queues a task."""
        self._tasks.put_nowait(task)

    async def run(self) -> None:
        """Works the queue off, for ever."""
        while True:
            held, record, done = await self._tasks.get()
            match record:
                case SessionEnded():
                    self._context.emit(StreamName.TRANSLATIONS, replace(record, language=self._language))
                case Segment():
                    self._context.emit(StreamName.TRANSLATIONS, await self._translated(held, record))
                case Correction():
                    await self._correct(held, record)
            done()
            self._tasks.task_done()

    async def drained(self) -> None:
        """Returns once everything queued is emitted."""
        await self._tasks.join()

    async def _translated(self, held: HeldInput, segment: Segment) -> Translation:
        said = segment.text if segment.status is Status.OK else None
        status, text = await self._outcome(held, said, segment.language)
        return Translation(
            session=segment.session,
            captured_at=segment.captured_at,
            hops=segment.hops,
            number=segment.number,
            language=self._language,
            text=text,
            start=segment.start,
            end=segment.end,
            status=status,
            speaker=segment.speaker,
        )

    async def _correct(self, held: HeldInput, correction: Correction) -> None:
        status, text = await self._outcome(held, correction.text, correction.language or self._source)
        if status is Status.OK:
            self._context.emit(
                StreamName.TRANSLATIONS,
                TranslationCorrection(
                    session=correction.session,
                    captured_at=correction.captured_at,
                    hops=correction.hops,
                    first=correction.first,
                    last=correction.last,
                    revision=correction.revision,
                    language=self._language,
                    text=text,
                ),
            )

    async def _outcome(self, held: HeldInput, text: str | None, source: str) -> tuple[Status, str]:
        if not self._wanted(self._language):
            return Status.UNWANTED, ""
        if text is None:
            return Status.SKIPPED, ""
        if source == self._language or not text.strip():
            return Status.OK, text
        reservation = self._budget.reservation(text, self._language) if self._budget else None
        try:
            made = await self._retry_policy.call(
                held, lambda: self._translator.translate(text, source, self._language, reservation), source
            )
        except RetriesExhausted:
            return Status.FAILED, ""
        return (Status.SKIPPED, "") if made is None else (Status.OK, made)
