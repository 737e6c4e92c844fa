"""A talk at the speaker's pace through a pipeline, and what its listeners had when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from processors.pipeline import Pipeline
from producers import AudioProducer
from shared.alignment import spelling
from shared.clock import SystemClock
from shared.models import SAMPLE_BYTES, Word
from shared.sessions import Session
from shared.streams import StreamName
from shared.text import tokens
from sinks import AudioChunk, AudioSubscriber, Caption, CaptionSubscriber
from tests.benchmarks.speech.recording import Recording

#: Seconds of audio that the speaker sends at once.
_PIECE = 0.1


@dataclass
class Received:
    """What came of one talk; times are ms since its first sample."""

    #: The committed words in order; of each the number of its segment.
    words: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    #: When the caption of each number was shown, and when the clip of its translation began to play, clips end to end.
    shown: dict[int, float] = field(default_factory=dict)
    spoken: dict[int, float] = field(default_factory=dict)
    #: The captions of the target language.
    translations: list[str] = field(default_factory=list)

    def match(self, words: Sequence[Word]) -> dict[int, int]:
        """By index, which committed word each of these words of the talk is, where it is one."""
        texts = [spelling(word.text) for word in words], [spelling(word) for word in self.words]
        blocks = SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks()
        return {a + step: b + step for a, b, size in blocks for step in range(size)}


class LiveSession:
    """Reads the captions of both languages of a session, and listens to the target language."""

    def __init__(self, pipeline: Pipeline, session: str, language: str, settings: Mapping[str, str]) -> None:
        self._pipeline = pipeline
        self._session = session
        self._language = language
        self._settings = settings
        self._clock = SystemClock()
        self._began = 0
        self._free = 0.0
        self._heard = Received()

    async def hear(self, recording: Recording) -> Received:
        """Returns once the talk has ended and all of it has come."""
        streams = self._pipeline.streams
        async with (
            CaptionSubscriber(streams, self._session) as captions,
            CaptionSubscriber(streams, self._session, self._language) as translations,
            AudioSubscriber(streams, self._session, self._language) as speech,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._read(captions))
            group.create_task(self._read_translations(translations))
            group.create_task(self._listen(speech))
            group.create_task(self._speak(recording))
        return self._heard

    async def _speak(self, recording: Recording) -> None:
        self._began = self._clock.now()
        session = Session(
            id=self._session,
            source_language="en",
            target_languages=(self._language,),
            started_at=self._began,
            rate=recording.rate,
            settings=self._settings,
        )
        audio = self._pipeline.streams[StreamName.AUDIO]
        async with AudioProducer(audio, self._pipeline.store, session, live=False) as producer:
            await producer.stream(_in_real_time(recording))

    async def _read(self, captions: CaptionSubscriber) -> None:
        async for event in captions:
            if isinstance(event, Caption):
                self._heard.shown[event.number] = event.received_at - self._began
                words = [token for token in tokens(event.text) if spelling(token)]
                self._heard.words += words
                self._heard.numbers += [event.number] * len(words)

    async def _read_translations(self, captions: CaptionSubscriber) -> None:
        async for event in captions:
            if isinstance(event, Caption):
                self._heard.translations.append(event.text)

    async def _listen(self, speech: AudioSubscriber) -> None:
        async for event in speech:
            if isinstance(event, AudioChunk):
                begins = max(event.received_at - self._began, self._free)
                if event.first:
                    self._heard.spoken[event.number] = begins
                self._free = begins + len(event.payload) / SAMPLE_BYTES * 1000 / event.rate


async def _in_real_time(recording: Recording) -> AsyncIterator[bytes]:
    """The audio, piece by piece, each when its last sample was spoken."""
    size = round(_PIECE * recording.rate) * SAMPLE_BYTES
    began = time.monotonic()
    for number, at in enumerate(range(0, len(recording.pcm), size), 1):
        await asyncio.sleep(began + number * _PIECE - time.monotonic())
        yield recording.pcm[at : at + size]
