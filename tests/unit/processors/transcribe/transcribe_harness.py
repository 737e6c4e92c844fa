"""The transcribe stage with a recogniser whose every word the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from processors.transcribe.recogniser import Hypothesis, RecogniserEngine
from processors.transcribe.stage import TranscribeStage
from shared.models import AudioFrame, Record, SessionEnded, Word
from shared.sessions import MemorySessionStore, Session
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH

RATE = 16000
LOUD = b"\x00\x20" * (RATE // 10)


class FakeRecogniser:
    """A recogniser that says what it is told to."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.heard = bytearray()
        self.finished = False
        self.closed = False
        self.last: Hypothesis | None = None
        self._queue: asyncio.Queue[Hypothesis | None] = asyncio.Queue()

    @property
    def position(self) -> int:
        return len(self.heard) // 2 * 1000 // RATE

    def say(
        self, text: str, start: int, end: int, *, utterance: int = 1, final: bool = False, language: str | None = None
    ) -> None:
        """Says words of an utterance that spans `start` to `end` ms of the take."""
        words = tuple(Word(word, start, end) for word in text.split())
        hypothesis = Hypothesis(utterance, start, end, self.position, words, final=final, language=language)
        self.last = None if final else hypothesis
        self._queue.put_nowait(hypothesis)

    def drop(self) -> None:
        self._queue.put_nowait(None)

    async def feed(self, pcm: bytes) -> None:
        self.heard += pcm

    async def finish(self) -> None:
        self.finished = True
        self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        while (hypothesis := await self._queue.get()) is not None:
            yield hypothesis

    async def close(self) -> None:
        self.closed = True


class FakeEngine(RecogniserEngine):
    rate = RATE
    feed_rate: float | None = None

    def __init__(self) -> None:
        self.takes: list[FakeRecogniser] = []
        self.failure: Exception | None = None

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    async def open(self, session: Session, start: int) -> FakeRecogniser:
        if self.failure is not None:
            raise self.failure
        self.takes.append(FakeRecogniser(start))
        return self.takes[-1]

    async def close(self) -> None:
        pass


class TranscribeHarness:
    """A session, its engine and a transcribe operator."""

    def __init__(self, *, store: MemorySessionStore | None = None) -> None:
        self.engine = FakeEngine()
        self.store = store or MemorySessionStore()
        self.context = OperatorHarness(TranscribeStage(self.engine), store=self.store)
        self.offset = 0

    async def open(self, **fields: Any) -> TranscribeHarness:
        session = Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH, **fields)
        await self.store.create(session)
        await self.context.start()
        return self

    async def speak(self, seconds: float, pcm: bytes = LOUD) -> None:
        """Sends so much audio, in frames of 100 ms, at real-time pace."""
        for _ in range(round(seconds * 10)):
            await self.send_at(self.offset, pcm)
            await asyncio.sleep(0.1)

    async def send_at(self, offset: int, pcm: bytes = LOUD, rate: int = RATE) -> None:
        now = self.context.clock.now()
        frame = AudioFrame(session="talk", captured_at=now, offset=offset, payload=pcm, rate=rate, hops={"ingest": now})
        self.offset = offset + len(pcm) // 2
        await self.context.send(frame)

    async def end(self) -> None:
        await self.context.send(SessionEnded(session="talk", captured_at=self.context.clock.now()))

    def emitted(self, kind: type[Record]) -> list[Any]:
        return [record for record in self.context.emitted if isinstance(record, kind)]

    def acked(self) -> list[int]:
        return [record.offset for record in self.context.acked if isinstance(record, AudioFrame)]

    async def item(self) -> Session:
        return await self.store.load("talk")


def last_frame_within(offset: int) -> int:
    """The frame of 100 ms that ends at or just before this offset."""
    return offset // 1600 * 1600 - 1600
