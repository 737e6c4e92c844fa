"""Each stage alone on Kinesis: fed through its input stream, observed on its output stream by another client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from processors.contract import Stage
from processors.dedup.stage import DedupStage
from processors.engines.engines import Engines
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from processors.synthesize.stage import SynthesizeStage
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.stage import TranscribeStage
from processors.translate.cache import MemoryTranslationCache
from processors.translate.stage import TranslateStage
from producers.sources.wav import WavSource
from shared.clock import SystemClock
from shared.codec import decode, encode
from shared.models import (
    AudioFrame,
    FinalResult,
    PartialResult,
    Record,
    Segment,
    SessionEnded,
    Speech,
    Status,
    Translation,
    Word,
)
from shared.sessions import Session
from shared.streams import StreamName
from tests.end_to_end.pipeline_run import DEMO, RECORDING
from tests.support.localstack import Observer, records_on
from tests.support.localstack_backend import localstack_backend
from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.usefixtures("aws_environment")]

SCRIPT = Script.load(DEMO / "recording.moonshine.jsonl")
LANGUAGES = ("es", "ca")


@dataclass
class Outside:
    """Puts records on one stream and reads another, through localstack-client alone."""

    kinesis: Any
    prefix: str

    def put(self, stream: StreamName, records: Sequence[Record]) -> None:
        for record in records:
            self.kinesis.put_record(StreamName=f"{self.prefix}-{stream}", Data=encode(record), PartitionKey=record.key)

    def read(self, stream: StreamName, until: Callable[[list[Any]], bool]) -> list[Any]:
        """What is on the stream, those of a shard in order, once `until` says that it is all."""
        records: list[Any] = []
        while not until(records):
            records = list(map(decode, records_on(self.kinesis, f"{self.prefix}-{stream}")))
        return records


@asynccontextmanager
async def running(stage: Stage, observer: Observer) -> AsyncIterator[Outside]:
    """A local host that runs nothing but the stage."""
    async with localstack_backend() as (prefix, backend):
        await backend.store.create(
            Session(id="talk", source_language="en", target_languages=LANGUAGES, started_at=SystemClock().now())
        )
        host = LocalHost([[stage]], backend.streams, backend.store, checkpoints=backend.checkpoints)
        host.start()
        try:
            yield Outside(observer.client("kinesis"), prefix)
        finally:
            await host.stop()


async def through(
    stage: Stage, observer: Observer, inputs: Sequence[Record], output: StreamName, ends: int = 1
) -> list[Any]:
    """What the stage makes of the inputs, which are followed by the session's end, in every language it has."""
    async with running(stage, observer) as outside, asyncio.timeout(TIMEOUT):
        await asyncio.to_thread(outside.put, stage.reads, inputs)
        return await asyncio.to_thread(
            outside.read, output, lambda records: sum(isinstance(r, SessionEnded) for r in records) == ends
        )


def end(language: str | None = None) -> SessionEnded:
    return SessionEnded(session="talk", captured_at=0, language=language)


def segment(number: int, text: str, start: int, end: int) -> Segment:
    return Segment(session="talk", captured_at=0, number=number, language="en", text=text, start=start, end=end)


async def frames() -> list[Record]:
    """The recording in frames of half a second."""
    pcm = b"".join([chunk async for chunk in WavSource(RECORDING, realtime=False)])
    size = 16000
    return [
        AudioFrame(session="talk", captured_at=0, offset=start // 2, payload=pcm[start : start + size])
        for start in range(0, len(pcm), size)
    ]


async def test_transcribe_publishes_what_the_recogniser_says(observer: Observer) -> None:
    stage = TranscribeStage(ScriptedEngine(SCRIPT))
    records = await through(stage, observer, [*await frames(), end()], StreamName.TRANSCRIPTS)
    finals = [record for record in records if isinstance(record, FinalResult)]
    assert [[word.text for word in final.items] for final in finals] == [
        [word.text for word in result.items] for result in SCRIPT.results if result.final
    ]
    assert sum(isinstance(record, PartialResult) for record in records) > len(finals)
    assert isinstance(records[-1], SessionEnded)
    assert all("ingest" in final.hops and "transcribe" in final.hops for final in finals)


async def test_stability_commits_the_words_of_the_results(observer: Observer) -> None:
    words = [
        Word(text, 500 * place, 500 * place + 400, stable=True)
        for place, text in enumerate(("Nothing", "is", "said", "twice", ".", "Nothing", "is", "lost", "."))
    ]
    results: list[Record] = [
        (FinalResult if fed == len(words) else PartialResult)(
            session="talk",
            captured_at=0,
            take=1,
            utterance=1,
            start=0,
            end=words[fed - 1].end,
            position=words[fed - 1].end + 100,
            items=tuple(words[:fed]),
        )
        for fed in range(1, len(words) + 1)
    ]
    records = await through(StabilityStage(), observer, [*results, end()], StreamName.SEGMENTS)
    assert [(s.number, s.text) for s in records[:-1]] == [(1, "Nothing is said twice."), (2, "Nothing is lost.")]


async def test_dedup_lets_each_segment_through_once(observer: Observer) -> None:
    first, second = segment(1, "Said once.", 0, 900), segment(2, "Said next.", 1000, 1900)
    again = segment(3, "said next", 1100, 1900)
    records = await through(
        DedupStage(), observer, [first, first, second, first, again, end()], StreamName.UNIQUE_SEGMENTS
    )
    assert [(s.number, s.text, s.status) for s in records[:-1]] == [
        (1, "Said once.", Status.OK),
        (2, "Said next.", Status.OK),
        (3, "", Status.DUPLICATE),
    ]


async def test_translate_publishes_every_segment_in_every_language(observer: Observer) -> None:
    stage = TranslateStage(Engines().translator, MemoryTranslationCache(100))
    inputs: list[Record] = [segment(1, "The house is big.", 0, 900), segment(2, "I see the house.", 1000, 1900), end()]
    records = await through(stage, observer, inputs, StreamName.TRANSLATIONS, ends=2)
    for language in LANGUAGES:
        translations = [r for r in records if isinstance(r, Translation) and r.language == language]
        assert [translation.number for translation in translations] == [1, 2]
        assert all("casa" in translation.text.lower() for translation in translations)
        assert [r.language for r in records if isinstance(r, SessionEnded)].count(language) == 1


async def test_synthesize_speaks_every_translation(observer: Observer) -> None:
    inputs = [
        Translation(session="talk", captured_at=0, number=number, language="es", text=text, start=0, end=900)
        for number, text in enumerate(("La casa es grande.", "Veo la casa."), start=1)
    ]
    records = await through(SynthesizeStage(Engines().synthesizer), observer, [*inputs, end("es")], StreamName.SPEECH)
    chunks = [record for record in records if isinstance(record, Speech)]
    for number in (1, 2):
        clip = [chunk for chunk in chunks if chunk.number == number]
        assert [chunk.last for chunk in clip] == [*[False] * (len(clip) - 1), True]
        assert [chunk.offset for chunk in clip] == [
            sum(len(before.payload) // 2 for before in clip[:place]) for place in range(len(clip))
        ]
        assert sum(len(chunk.payload) for chunk in clip) / 2 / clip[0].rate > 0.5
