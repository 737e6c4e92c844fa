"""A synthesize operator for one language of a session, on a synthesizer that the test directs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.stage import SynthesizeStage
from shared.models import SessionEnded, Speech, Status, Translation
from tests.support.stage_harness import StageHarness, run_with
from tests.support.virtual_time import EPOCH

RATE = ScriptedSynthesizer.rate
END = SessionEnded(session="talk", captured_at=EPOCH, language="es")


def translation(number: int, length: int = 600, **fields: Any) -> Translation:
    """A text that takes `length` ms to speak; its segment ends at `number` s unless `fields` say otherwise."""
    fields = {"start": number * 1000 - 800, "end": number * 1000, "text": "a" * (length // 60), **fields}
    return Translation(session="talk", captured_at=EPOCH, hops={"translate": 7}, number=number, language="es", **fields)


class SynthesizeHarness(StageHarness):
    """An operator for Spanish."""

    def __init__(self, engine: ScriptedSynthesizer | None = None, **settings: str) -> None:
        super().__init__(("es",), settings, key="talk/es")
        self.engine = engine or ScriptedSynthesizer()

    def stage(self) -> SynthesizeStage:
        return SynthesizeStage(self.engine)

    @property
    def speech(self) -> list[Speech]:
        return [record for record in self.context.emitted if isinstance(record, Speech)]

    def chunks(self, number: int, attempt: int | None = None) -> list[Speech]:
        """The chunks of a clip, by default those of its newest attempt."""
        own = [chunk for chunk in self.speech if chunk.number == number]
        newest = max(chunk.attempt for chunk in own)
        return [chunk for chunk in own if chunk.attempt == (newest if attempt is None else attempt)]

    @property
    def outcomes(self) -> list[tuple[int, Status]]:
        """Number and status of each last chunk."""
        return [(chunk.number, chunk.status) for chunk in self.speech if chunk.last]


def run_scenario(
    scenario: Callable[[SynthesizeHarness], Awaitable[None]], harness: SynthesizeHarness | None = None
) -> None:
    """Runs it on virtual time."""
    run_with(harness or SynthesizeHarness(), scenario)
