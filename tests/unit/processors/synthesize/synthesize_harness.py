"""A synthesize operator for one language of a session, on a synthesizer that the test directs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.stage import SynthesizeStage
from shared.models import DeadLetter, SessionEnded, Speech, Status, Translation
from shared.sessions import MemorySessionStore, Session
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH, run

RATE = ScriptedSynthesizer.rate
END = SessionEnded(session="talk", captured_at=EPOCH, language="es")


def translation(number: int, length: int = 600, **fields: Any) -> Translation:
    """A text that takes `length` ms to speak; its segment ends at `number` s unless `fields` say otherwise."""
    fields = {"start": number * 1000 - 800, "end": number * 1000, "text": "a" * (length // 60), **fields}
    return Translation(session="talk", captured_at=EPOCH, hops={"translate": 7}, number=number, language="es", **fields)


class SynthesizeHarness:
    """An operator for Spanish."""

    def __init__(self, engine: ScriptedSynthesizer | None = None, **settings: str) -> None:
        self.engine = engine or ScriptedSynthesizer()
        self.store = MemorySessionStore()
        self.session = Session(
            id="talk", source_language="en", target_languages=("es",), started_at=EPOCH, settings=settings
        )

    async def open(self) -> SynthesizeHarness:
        await self.store.create(self.session)
        return await self.restart()

    async def restart(self) -> SynthesizeHarness:
        """A new operator, as after a crash; what the last one emitted is forgotten."""
        self.context = await OperatorHarness(SynthesizeStage(self.engine), "talk/es", store=self.store).start()
        self.send = self.context.send
        self.close = self.context.close
        return self

    async def until(self, seconds: float) -> None:
        """Lets time pass up to `seconds` of the test."""
        await asyncio.sleep(seconds - asyncio.get_running_loop().time())

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

    @property
    def dead_letters(self) -> list[DeadLetter]:
        return [record for record in self.context.emitted if isinstance(record, DeadLetter)]

    @property
    def acked(self) -> list[int]:
        return [record.number for record in self.context.acked if isinstance(record, Translation)]


def run_scenario(
    scenario: Callable[[SynthesizeHarness], Awaitable[None]], harness: SynthesizeHarness | None = None
) -> None:
    """Runs it on virtual time."""

    async def main() -> None:
        opened = await (harness or SynthesizeHarness()).open()
        await scenario(opened)
        await opened.close()

    run(main())
