"""A translate operator for one session, on a translator that the test directs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from processors.translate.cache import MemoryTranslationCache
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.stage import TranslateStage
from processors.translate.usage import Usage
from shared.models import DeadLetter, Segment, SessionEnded, Status, Translation, TranslationCorrection
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH, VirtualClock, run

END = SessionEnded(session="talk", captured_at=EPOCH, reason="over")


def segment(number: int, text: str = "", **fields: Any) -> Segment:
    fields = {"start": number * 1000, "end": number * 1000 + 800, **fields}
    text = text or f"Sentence {number}."
    return Segment(
        session="talk", captured_at=EPOCH + number, hops={"dedup": 7}, number=number, language="en", text=text, **fields
    )


class TranslateHarness:
    """A session whose translator the test directs."""

    def __init__(self, languages: Sequence[str] = ("es", "ca"), **settings: str) -> None:
        self.engine = ScriptedTranslator()
        self.cache = MemoryTranslationCache(100, clock=VirtualClock())
        self.store = MemorySessionStore()
        self.session = Session(
            id="talk", source_language="en", target_languages=tuple(languages), started_at=EPOCH, settings=settings
        )
        self.settings = Settings()
        self.stage = TranslateStage(self.engine, self.cache)

    def with_engine(
        self, engine: ScriptedTranslator, usage: Usage | None = None, settings: Settings | None = None
    ) -> TranslateHarness:
        """The same session with another engine, whose cost is counted in `usage`, in a process of these settings."""
        self.engine = engine
        self.settings = settings or self.settings
        self.stage = TranslateStage(engine, self.cache, usage)
        return self

    async def open(self) -> TranslateHarness:
        await self.store.create(self.session)
        return await self.restart()

    async def restart(self) -> TranslateHarness:
        """A new operator, as after a crash; what the last one emitted is forgotten."""
        self.context = await OperatorHarness(self.stage, settings=self.settings, store=self.store).start()
        self.send = self.context.send
        self.close = self.context.close
        return self

    async def until(self, seconds: float) -> None:
        """Lets time pass up to `seconds` of the test."""
        await asyncio.sleep(seconds - asyncio.get_running_loop().time())

    def translated(self, language: str) -> list[tuple[int, Status, str]]:
        """Number, status and text of what was emitted in the language."""
        return [
            (record.number, record.status, record.text)
            for record in self.context.emitted
            if isinstance(record, Translation) and record.language == language
        ]

    def statuses(self, language: str) -> list[tuple[int, Status]]:
        return [(number, status) for number, status, _ in self.translated(language)]

    def corrected(self, language: str) -> list[tuple[int, int, int, str]]:
        """Range, revision and text of the corrections that were emitted in the language."""
        return [
            (record.first, record.last, record.revision, record.text)
            for record in self.context.emitted
            if isinstance(record, TranslationCorrection) and record.language == language
        ]

    @property
    def dead_letters(self) -> list[DeadLetter]:
        return [record for record in self.context.emitted if isinstance(record, DeadLetter)]

    @property
    def acked(self) -> list[int]:
        return [record.number for record in self.context.acked if isinstance(record, Segment)]


def run_scenario(
    scenario: Callable[[TranslateHarness], Awaitable[None]], harness: TranslateHarness | None = None
) -> None:
    """Runs it on virtual time, and finishes what is queued."""

    async def main() -> None:
        opened = await (harness or TranslateHarness()).open()
        await scenario(opened)
        await opened.close()

    run(main())
