"""Plays the demo's recording through every stage and keeps what comes out at each end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from cli.pipeline import Engines, Pipeline
from processors.synthesize import engines as synthesizers
from processors.transcribe.recogniser import RecogniserEngine
from processors.translate import engines as translators
from producers import AudioProducer
from producers.sources.wav import WavSource
from shared.codec import decode
from shared.metrics import MemoryMetrics
from shared.models import FinalResult, Segment, SessionEnded
from shared.sessions import Session
from shared.settings import Settings
from shared.streams import OLDEST, StreamName
from sinks import AudioEvent, AudioSubscriber, CaptionEvent, CaptionSubscriber

DEMO = Path(__file__).parents[2] / "cli" / "demo"
RECORDING = DEMO / "recording.wav"
TARGETS = ("es", "ca")


@dataclass
class Played:
    """What came out."""

    finals: list[FinalResult] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    captions: dict[str | None, list[CaptionEvent]] = field(default_factory=dict)
    speech: dict[str, list[AudioEvent]] = field(default_factory=dict)
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)


async def play(recogniser: RecogniserEngine, *, realtime: bool) -> Played:
    """Plays the recording to its end."""
    played = Played()
    engines = Engines(recogniser, translators.load("apertium"), synthesizers.load("espeak"))
    pipeline = Pipeline(engines, Settings(), played.metrics)
    session = Session(id="talk", source_language="en", target_languages=TARGETS, started_at=0)

    async def read(language: str | None) -> None:
        async with CaptionSubscriber(pipeline.streams, "talk", language) as captions:
            played.captions[language] = [event async for event in captions]

    async def hear(language: str) -> None:
        async with AudioSubscriber(pipeline.streams, "talk", language) as audio:
            played.speech[language] = [event async for event in audio]

    async def speak() -> None:
        async with AudioProducer(pipeline.streams[StreamName.AUDIO], pipeline.store, session, live=False) as producer:
            await producer.stream(WavSource(RECORDING, realtime=realtime))

    listeners = [asyncio.create_task(read(language)) for language in (None, *TARGETS)]
    listeners += [asyncio.create_task(hear(language)) for language in TARGETS]
    await asyncio.sleep(0.1)
    pipeline.host.start()
    await asyncio.gather(speak(), *listeners)
    played.finals = [
        record for record in await _read(pipeline, StreamName.TRANSCRIPTS) if isinstance(record, FinalResult)
    ]
    played.segments = [record for record in await _read(pipeline, StreamName.SEGMENTS) if isinstance(record, Segment)]
    await pipeline.host.stop()
    return played


async def _read(pipeline: Pipeline, stream: StreamName) -> list[object]:
    (shard,) = await pipeline.streams[stream].shards()
    reader = await pipeline.streams[stream].reader(shard.id, OLDEST)
    records: list[object] = []
    while not any(isinstance(record, SessionEnded) for record in records):
        records += [decode(item.data) for item in (await reader.read()).items]
    return records
