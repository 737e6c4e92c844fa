"""One target language of a session: its segments one after the other, whatever the other languages do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from processors.contract import Context
from processors.patience import GaveUp, Held, Patience
from processors.translate.cached import CachedTranslation
from processors.translate.spend import Budget
from shared.models import Segment, SessionEnded, Status, Translation
from shared.streams import StreamName

#: A segment or the session's end, as held by the operator, and what to call once its output is out.
Task = tuple[Held, Segment | SessionEnded, Callable[[], None]]


class LanguageTranslator:
    """Emits one translation for each segment, in order; `wanted` says whether anyone wants the language now.

    `budget` is None where the engine costs nothing. A segment that it has no room for is skipped.
    """

    def __init__(
        self,
        context: Context,
        language: str,
        translation: CachedTranslation,
        patience: Patience,
        wanted: Callable[[str], bool],
        budget: Budget | None,
    ) -> None:
        self._context = context
        self._language = language
        self._translation = translation
        self._patience = patience
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
            if isinstance(record, SessionEnded):
                self._context.emit(StreamName.TRANSLATIONS, replace(record, language=self._language))
            else:
                self._context.emit(StreamName.TRANSLATIONS, await self._translated(held, record))
            done()
            self._tasks.task_done()

    async def drained(self) -> None:
        """Returns once everything queued is emitted."""
        await self._tasks.join()

    async def _translated(self, held: Held, segment: Segment) -> Translation:
        status, text = await self._outcome(held, segment)
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

    async def _outcome(self, held: Held, segment: Segment) -> tuple[Status, str]:
        if not self._wanted(self._language):
            return Status.UNWANTED, ""
        if segment.status is not Status.OK:
            return Status.SKIPPED, ""
        text, source = segment.text, segment.language
        if source == self._language or not text.strip():
            return Status.OK, text
        claim = self._budget.claim(text, self._language) if self._budget else None
        try:
            made = await self._patience.insist(
                held, lambda: self._translation.translate(text, source, self._language, claim), source
            )
        except GaveUp:
            return Status.FAILED, ""
        return (Status.SKIPPED, "") if made is None else (Status.OK, made)
