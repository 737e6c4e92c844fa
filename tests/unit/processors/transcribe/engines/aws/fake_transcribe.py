"""A Transcribe whose every result the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from processors.transcribe.engines.aws import AwsEngine
from processors.transcribe.engines.aws.request import StreamRequest
from processors.transcribe.engines.aws.stream import Result
from processors.transcribe.engines.aws.take import AwsTake
from processors.transcribe.recogniser import Hypothesis
from shared.errors import EngineUnavailable
from shared.models import Word
from shared.sessions import Session
from shared.settings import Settings
from tests.support.waiting import TIMEOUT


@dataclass
class Item:
    content: str | None
    start_time: float | None = None
    end_time: float | None = None
    speaker: str | None = None
    confidence: float | None = None
    stable: bool | None = None


@dataclass
class Alternative:
    items: list[Item] = field(default_factory=list)


@dataclass
class FakeResult:
    result_id: str
    start_time: float | None = 0.0
    is_partial: bool = True
    alternatives: list[Alternative] = field(default_factory=list)
    language_code: str | None = None


def fake_result(name: str, text: str, start: float = 0.0, *, final: bool = False, **fields: str) -> FakeResult:
    """A result with words of 300 ms one behind the other; `~` before a word says it is not stable."""
    items = []
    at = start
    for word in text.split():
        bare = word.removeprefix("~")
        end = at if Word(bare, 0, 0).is_punctuation else at + 0.3
        items.append(Item(bare, at, end, stable=bare == word))
        at = end
    return FakeResult(name, start, not final, [Alternative(items)], **fields)


class FakeStream:
    """Takes audio, and says what it is told to."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.ended = False
        self.closed = 0
        self.refusal: EngineUnavailable | None = None
        self._events: asyncio.Queue[Sequence[Result] | EngineUnavailable | None] = asyncio.Queue()

    def say(self, *results: Result) -> None:
        """One event."""
        self._events.put_nowait(results)

    def stop(self, error: EngineUnavailable | None = None) -> None:
        """Ends the results, as if all were well or with an error."""
        self._events.put_nowait(error)

    async def send(self, pcm: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append(pcm)

    async def end(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.ended = True

    async def results(self) -> AsyncIterator[Sequence[Result]]:
        while (event := await self._events.get()) is not None:
            if isinstance(event, EngineUnavailable):
                raise event
            yield event

    async def close(self) -> None:
        self.closed += 1


class FakeClient:
    """Opens such streams."""

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []
        self.requests: list[StreamRequest] = []
        self.closed = False

    async def open(self, request: StreamRequest) -> FakeStream:
        self.requests.append(request)
        self.streams.append(FakeStream())
        return self.streams[-1]

    async def close(self) -> None:
        self.closed = True


class AwsEngineHarness:
    """An engine on such a client."""

    def __init__(self, **settings: str | bool) -> None:
        self.client = FakeClient()
        self.engine = AwsEngine(Settings(**settings), self.client)  # type: ignore[arg-type]

    async def open(self, language: str = "en", **settings: str) -> tuple[AwsTake, FakeStream]:
        """A take, and the stream that it is on."""
        take = await self.engine.open(session(language, **settings), 0)
        return take, self.client.streams[-1]


def session(language: str = "en", **settings: str) -> Session:
    return Session(id="talk", source_language=language, target_languages=("es",), started_at=0, settings=settings)


async def all_of(take: AwsTake) -> list[Hypothesis]:
    """What a take says until it ends; raises what it raises."""
    async with asyncio.timeout(TIMEOUT):
        return [hypothesis async for hypothesis in take]
