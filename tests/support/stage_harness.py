"""The operator of one session on virtual time, started again at will."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from processors.contract import Stage
from shared.models import DeadLetter, Segment, Translation
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH, run


class StageHarness(ABC):
    """A session `talk`, and its operator in `context` once it is open; `key` is what the stage partitions by."""

    context: OperatorHarness

    def __init__(self, languages: tuple[str, ...], settings: dict[str, str], key: str = "talk") -> None:
        self.store = MemorySessionStore()
        self.session = Session(
            id="talk", source_language="en", target_languages=languages, started_at=EPOCH, settings=settings
        )
        self.settings = Settings()
        self._key = key

    @abstractmethod
    def stage(self) -> Stage:
        """The stage of a process that starts."""

    async def open(self) -> Self:
        """Creates the session and starts its operator."""
        await self.store.create(self.session)
        return await self.restart()

    async def restart(self) -> Self:
        """A new operator, as after a crash; what the last one emitted is forgotten."""
        self.context = await OperatorHarness(self.stage(), self._key, settings=self.settings, store=self.store).start()
        self.send = self.context.send
        self.close = self.context.close
        return self

    async def until(self, seconds: float) -> None:
        """Lets time pass up to `seconds` of the test."""
        await asyncio.sleep(seconds - asyncio.get_running_loop().time())

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """Those that it emitted."""
        return [record for record in self.context.emitted if isinstance(record, DeadLetter)]

    @property
    def acked(self) -> list[int]:
        """The numbers of the segments or translations that it acked."""
        return [record.number for record in self.context.acked if isinstance(record, Segment | Translation)]


Harness = TypeVar("Harness", bound=StageHarness)


def run_with(harness: Harness, scenario: Callable[[Harness], Awaitable[None]]) -> None:
    """Runs the scenario on virtual time, and finishes what is queued."""

    async def main() -> None:
        opened = await harness.open()
        await scenario(opened)
        await opened.close()

    run(main())
