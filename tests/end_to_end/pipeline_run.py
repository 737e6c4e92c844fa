"""Plays the demo's recording through every stage and keeps what comes out at each end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from processors.backend import Backend
from processors.engines.engines import Engines
from processors.pipeline import Pipeline
from processors.transcribe.recogniser import RecogniserEngine
from producers import AudioProducer
from producers.sources.wav import WavSource
from shared.clock import SystemClock
from shared.codec import decode
from shared.metrics import MemoryMetrics
from shared.models import FinalResult, Segment, SessionEnded, Status
from shared.sessions import Session
from shared.settings import Settings
from shared.streams import OLDEST, StreamName
from shared.streams.follow import Follower
from shared.text import normalise
from sinks import AudioChunk, AudioEvent, AudioSubscriber, Caption, CaptionEvent, CaptionSubscriber, Ended

DEMO = Path(__file__).parents[2] / "cli" / "demo"
RECORDING = DEMO / "recording.wav"
TARGETS = ("es", "ca")


@dataclass
class PipelineRun:
    """What came out."""

    finals: list[FinalResult] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    captions: dict[str | None, list[CaptionEvent]] = field(default_factory=dict)
    speech: dict[str, list[AudioEvent]] = field(default_factory=dict)
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)

    @property
    def words(self) -> str:
        """Everything that was committed, without capitals and punctuation."""
        return normalise(" ".join(segment.text for segment in self.segments))


async def run_pipeline(
    recogniser: RecogniserEngine,
    *,
    realtime: bool,
    recording: Path = RECORDING,
    backend: Backend | None = None,
    meanwhile: Callable[[PipelineRun], Coroutine[Any, Any, None]] | None = None,
) -> PipelineRun:
    """Plays the recording to its end, on memory streams unless a backend is given; `meanwhile` runs beside it."""
    played = PipelineRun()
    pipeline = Pipeline(Engines(recogniser=recogniser), Settings(), played.metrics, backend)
    session = Session(id="talk", source_language="en", target_languages=TARGETS, started_at=SystemClock().now())

    async def read(subscribed: CaptionSubscriber, language: str | None) -> None:
        events = played.captions[language] = []
        async for event in subscribed:
            events.append(event)  # noqa: PERF401 (who runs meanwhile looks at it)

    async def hear(subscribed: AudioSubscriber, language: str) -> None:
        played.speech[language] = [event async for event in subscribed]

    async def speak() -> None:
        async with AudioProducer(pipeline.streams[StreamName.AUDIO], pipeline.store, session, live=False) as producer:
            await producer.stream(WavSource(recording, realtime=realtime))

    async with AsyncExitStack() as stack:
        work = [speak()] if meanwhile is None else [speak(), meanwhile(played)]
        for language in (None, *TARGETS):
            captions = CaptionSubscriber(pipeline.streams, "talk", language)
            work.append(read(await stack.enter_async_context(captions), language))
        for language in TARGETS:
            audio = AudioSubscriber(pipeline.streams, "talk", language)
            work.append(hear(await stack.enter_async_context(audio), language))
        pipeline.host.start()
        await asyncio.gather(*work)
    played.finals = [
        record for record in await _read(pipeline, StreamName.TRANSCRIPTS) if isinstance(record, FinalResult)
    ]
    for record in await _read(pipeline, StreamName.SEGMENTS):
        # An operator that takes over publishes again what was claimed before, and readers drop what they have seen.
        if isinstance(record, Segment) and record.number > len(played.segments):
            played.segments.append(record)
    await pipeline.host.stop()
    return played


async def _read(pipeline: Pipeline, stream: StreamName) -> list[object]:
    records: list[object] = []
    async with Follower({stream: pipeline.streams[stream]}, OLDEST) as follower:
        while not any(isinstance(record, SessionEnded) for record in records):
            records.append(decode((await follower.next()).item.data))
    return records


def assert_all_arrived(played: PipelineRun) -> None:
    """Dense numbers, and for each of them a caption and a clip in every language, once."""
    numbers = list(range(1, len(played.segments) + 1))
    assert numbers
    assert [segment.number for segment in played.segments] == numbers
    for language in (None, *TARGETS):
        captions = [event for event in played.captions[language] if isinstance(event, Caption)]
        assert [caption.number for caption in captions] == numbers
        assert all(caption.text and caption.status is Status.OK for caption in captions)
    for language in TARGETS:
        chunks = [event for event in played.speech[language] if isinstance(event, AudioChunk)]
        assert played.speech[language] == [*chunks, Ended("ended")]
        assert [number for number, _ in groupby(chunk.number for chunk in chunks)] == numbers
        assert [chunk.number for chunk in chunks if chunk.first] == numbers
        assert [chunk.number for chunk in chunks if chunk.last] == numbers
        assert all(any(chunk.payload) for chunk in chunks if chunk.first)
