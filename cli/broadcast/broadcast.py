"""One recording through the whole pipeline in this process, to listeners who write it to files."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from cli.broadcast.latencies import Latencies, took
from cli.broadcast.outputs import Outputs
from cli.broadcast.view import View
from processors.engines.engines import Engines
from processors.pipeline import Pipeline
from processors.transcribe.voice_activity import is_quiet
from producers import AudioProducer
from producers.sources import RecordingSource, WavSource
from shared.clock import SystemClock
from shared.errors import SessionOver
from shared.metrics import Metrics
from shared.models import SAMPLE_BYTES, Status
from shared.sessions import Session
from shared.settings import Settings
from sinks import (
    AudioChunk,
    AudioSubscriber,
    Caption,
    CaptionSubscriber,
    ClipLeftOut,
    ClipMissed,
    Corrected,
    Missed,
    Tail,
)

_SESSION = "broadcast"
#: Nobody waits for a file: whole sentences translate best, and no speech is too late to be spoken.
_UNHURRIED = {"PARTIAL_RESULTS_ENABLED": "false", "SPEECH_MAX_LAG": "0"}


@dataclass
class Outcome:
    """What came of a broadcast so far."""

    #: Captions with text, and clips, by language.
    captions: Counter[str] = field(default_factory=Counter)
    clips: Counter[str] = field(default_factory=Counter)
    #: Captions and clips that did not come, or came without text or audio, by language and why.
    left_out: Counter[str] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)
    #: Seconds of audio sent, how far (s) captions of the source language reach, and whether the session's end has
    #: reached every listener.
    sent: float = 0.0
    reached: float = 0.0
    complete: bool = False
    #: Whether nothing that was sent was loud enough to be speech.
    quiet: bool = True


class Broadcast:
    """A session that plays a recording; `realtime` at the speaker's pace, else as fast as the machine goes."""

    def __init__(
        self,
        recording: RecordingSource | WavSource,
        targets: list[str],
        engines: Engines,
        outputs: Outputs,
        view: View,
        *,
        realtime: bool,
    ) -> None:
        self._recording = recording
        self._targets = targets
        self._engines = engines
        self._outputs = outputs
        self._view = view
        self._realtime = realtime
        self._clock = SystemClock()
        self._began = 0
        self._cut_off = False
        self.outcome = Outcome()

    async def run(self, settings: Settings, metrics: Metrics) -> None:
        """Runs until every listener has heard the end; cancelled, it leaves the files as far as they came.

        Raises SessionOver, once they have heard what there was, where the session ended before the recording did.
        """
        async with Pipeline(self._engines, settings, metrics) as pipeline:
            await self._engines.warm_up(self._session(), self._targets)
            async with AsyncExitStack() as listeners, asyncio.TaskGroup() as group:
                for listen in await self._listen(pipeline, listeners, metrics):
                    group.create_task(listen)
                group.create_task(self._speak(pipeline, metrics))
            # As fast as the machine goes, all may be sent before the stages have heard as much as a session may have.
            if self._cut_off or self.outcome.sent > settings.max_session_length:
                length = self._recording.duration
                rest = "" if length is None else f", of which {length:.0f} s were to be heard"
                raise SessionOver(
                    f"the session ended before the recording{rest}; the files have what came before; "
                    "is MAX_SESSION_LENGTH or IDLE_TIMEOUT too short for it?"
                )
            self.outcome.complete = True

    def _session(self) -> Session:
        return Session(
            id=_SESSION,
            source_language=self._outputs.source,
            target_languages=tuple(self._targets),
            rate=self._recording.rate,
            settings={} if self._realtime else _UNHURRIED,
        )

    async def _speak(self, pipeline: Pipeline, metrics: Metrics) -> None:
        waited = self._recording.waited if isinstance(self._recording, RecordingSource) else 0.0
        self._began = self._clock.now() - round(waited * 1000)
        session = self._session()
        try:
            async with AudioProducer(pipeline.audio, pipeline.store, session, live=False, metrics=metrics) as producer:
                await producer.stream(self._counted())
        except SessionOver:
            # What was sent before is still on its way to the listeners.
            self._cut_off = True

    async def _counted(self) -> AsyncIterator[bytes]:
        async for pcm in self._recording:
            self.outcome.sent += len(pcm) / SAMPLE_BYTES / self._recording.rate
            self.outcome.quiet = self.outcome.quiet and is_quiet(pcm)
            self._view.sent(self.outcome.sent)
            yield pcm

    async def _listen(
        self, pipeline: Pipeline, stack: AsyncExitStack, metrics: Metrics
    ) -> list[Coroutine[Any, Any, None]]:
        work: list[Coroutine[Any, Any, None]] = []
        for language in (None, *self._targets):
            captions = CaptionSubscriber(pipeline.streams, _SESSION, language, metrics=metrics)
            work.append(self._read(await stack.enter_async_context(captions), language))
        for language in self._targets:
            audio = AudioSubscriber(pipeline.streams, _SESSION, language, metrics=metrics)
            work.append(self._hear(await stack.enter_async_context(audio), language))
        return work

    async def _read(self, captions: CaptionSubscriber, language: str | None) -> None:
        async for event in captions:
            match event:
                case Caption():
                    self._caption(event, language)
                case Tail(text):
                    self._view.tail(text)
                case Corrected():
                    self._outputs.corrected(language, event)
                    self._view.corrected(language, event)
                case Missed(first, last):
                    self.outcome.left_out[f"captions {language or self._outputs.source} missed"] += last - first + 1

    async def _hear(self, audio: AudioSubscriber, language: str) -> None:
        async for event in audio:
            match event:
                case AudioChunk():
                    self._chunk(event)
                case ClipMissed(first, last):
                    self.outcome.left_out[f"clips {language} missed"] += last - first + 1
                case ClipLeftOut(_, status):
                    self.outcome.left_out[f"clips {language} {status}"] += 1

    def _caption(self, caption: Caption, language: str | None) -> None:
        self._outputs.caption(caption)
        self._view.caption(language, caption)
        if language is None:
            self.outcome.reached = caption.end / 1000
        if caption.status is not Status.OK:
            self.outcome.left_out[f"captions {caption.language} {caption.status}"] += 1
            return
        self.outcome.captions[caption.language] += 1
        self._measure(f"speech to caption ({caption.language})", caption)
        self._add_steps(caption.hops, ("transcribe", "stability", "dedup") if language is None else ("translate",))

    def _chunk(self, chunk: AudioChunk) -> None:
        self._outputs.chunk(chunk)
        if chunk.first and chunk.payload:
            self._measure(f"speech to first audio ({chunk.language})", chunk)
            self._add_steps(chunk.hops, ("synthesize",))
        self.outcome.clips[chunk.language] += chunk.last

    def _add_steps(self, hops: Mapping[str, int], stages: Sequence[str]) -> None:
        for stage in stages:
            if (milliseconds := took(hops, stage)) is not None:
                self._add(stage, milliseconds)

    def _measure(self, name: str, event: Caption | AudioChunk) -> None:
        """From when the segment's last word was spoken: only at the speaker's pace does that mean anything."""
        if self._realtime:
            self._add(name, event.received_at - (self._began + event.end))

    def _add(self, name: str, milliseconds: float) -> None:
        self.outcome.latencies.add(name, milliseconds)
        self._view.latency(name, milliseconds)
