"""A translate operator for one session, on a translator that the test directs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from processors.translate.cache import MemoryTranslationCache
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.stage import TranslateStage
from processors.translate.usage import Usage
from shared.models import Segment, SessionEnded, Status, Translation, TranslationCorrection
from shared.settings import Settings
from tests.support.stage_harness import StageHarness, run_with
from tests.support.virtual_time import EPOCH, VirtualClock

END = SessionEnded(session="talk", captured_at=EPOCH, reason="over")


def segment(number: int, text: str = "", **fields: Any) -> Segment:
    fields = {"start": number * 1000, "end": number * 1000 + 800, **fields}
    text = text or f"Sentence {number}."
    return Segment(
        session="talk", captured_at=EPOCH + number, hops={"dedup": 7}, number=number, language="en", text=text, **fields
    )


class TranslateHarness(StageHarness):
    """A session whose translator the test directs."""

    def __init__(self, languages: Sequence[str] = ("es", "ca"), **settings: str) -> None:
        super().__init__(tuple(languages), settings)
        self.engine = ScriptedTranslator()
        self.cache = MemoryTranslationCache(100, clock=VirtualClock())
        self._stage = TranslateStage(self.engine, self.cache)

    def stage(self) -> TranslateStage:
        return self._stage

    def with_engine(
        self, engine: ScriptedTranslator, usage: Usage | None = None, settings: Settings | None = None
    ) -> TranslateHarness:
        """The same session with another engine, whose cost is counted in `usage`, in a process of these settings."""
        self.engine = engine
        self.settings = settings or self.settings
        self._stage = TranslateStage(engine, self.cache, usage)
        return self

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


def run_scenario(
    scenario: Callable[[TranslateHarness], Awaitable[None]], harness: TranslateHarness | None = None
) -> None:
    """Runs it on virtual time, and finishes what is queued."""
    run_with(harness or TranslateHarness(), scenario)
