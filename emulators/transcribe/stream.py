"""One transcription: audio events in, results out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from uuid import uuid4

from emulators.faults import FaultKind, Faults, Service
from emulators.transcribe.audio import Audio, PcmAudio
from emulators.transcribe.audio_events import AudioEvents
from emulators.transcribe.compressed import CompressedAudio
from emulators.transcribe.errors import (
    Conflict,
    InternalFailure,
    LimitExceeded,
    ServiceUnavailable,
    TranscribeError,
)
from emulators.transcribe.eventstream import CONTENT_TYPE, exception_event, transcript_event
from emulators.transcribe.exchange import Exchange
from emulators.transcribe.languages import iso
from emulators.transcribe.limits import TranscribeLimits
from emulators.transcribe.request import MediaEncoding, TranscriptionRequest
from emulators.transcribe.transcripts import Transcripts
from processors.transcribe.recogniser import Recogniser, RecogniserEngine
from shared.errors import EngineUnavailable
from shared.models import SAMPLE_BYTES
from shared.sessions import Session

#: Milliseconds of audio that the engine is fed with in one go, between two looks at the faults.
_PIECE = 100
_THROTTLED = "Your request was denied due to request throttling."


@dataclass(frozen=True, slots=True)
class Rules:
    """What every stream of a server goes by.

    With a `secret` access key the messages' signatures are checked; `filters` are vocabulary filters by name.
    """

    engine: RecogniserEngine
    faults: Faults
    limits: TranscribeLimits
    secret: str | None
    filters: Mapping[str, Collection[str]]


class _Struck(Exception):
    """A fault ends the stream."""

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind = kind


class TranscriptionStream:
    """From the request that was accepted to the end of its stream.

    Raises BadRequest where the engine does not hear the request's language, or its signature cannot be read.
    """

    def __init__(self, exchange: Exchange, request: TranscriptionRequest, rules: Rules) -> None:
        self._exchange = exchange
        self._request = request
        self._rules = rules
        self._events = AudioEvents(exchange, rules.limits.idle, rules.secret)
        self._language = request.language(rules.engine.languages())
        self._superseded = asyncio.Event()
        self._fed = 0
        self._finished = False

    def supersede(self) -> None:
        """Another stream has taken the session: this one ends with a ConflictException."""
        self._superseded.set()

    async def run(self) -> None:
        """Answers until the stream has ended; raises TranscribeError where it ends before the response has begun."""
        kind = self._rules.faults.strike(Service.TRANSCRIBE)
        if kind is FaultKind.THROTTLE:
            raise LimitExceeded(_THROTTLED)
        if kind is FaultKind.SILENT_END:
            self._respond()
        if kind is not None:
            await _befall(self._exchange, kind)
            return
        async with AsyncExitStack() as closing:
            take = await self._open()
            closing.push_async_callback(take.close)
            sound = _audio(self._request, self._rules.engine.rate)
            closing.push_async_callback(sound.close)
            self._respond()
            await self._answer(take, sound)

    def _respond(self) -> None:
        headers = {"content-type": CONTENT_TYPE, "x-amzn-request-id": str(uuid4())}
        self._exchange.respond(200, headers | dict(self._request.echo))

    async def _open(self) -> Recogniser:
        session = Session(
            id=self._request.session_id,
            source_language=iso(self._language),
            target_languages=(),
            started_at=time.time_ns() // 1_000_000,
            rate=self._request.rate,
        )
        try:
            return await self._rules.engine.open(session, 0)
        except EngineUnavailable as error:
            raise ServiceUnavailable(f"Service is currently unavailable: {error}") from error

    async def _answer(self, take: Recogniser, sound: Audio) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                conflict = group.create_task(self._conflict())
                group.create_task(self._feed(take, sound))
                await group.create_task(self._tell(take))
                conflict.cancel()
            self._exchange.end()
        except ExceptionGroup as failed:
            match failed.exceptions[0]:
                case TranscribeError() as error:
                    await self._exchange.send(exception_event(error))
                    self._exchange.end()
                case _Struck(kind=kind):
                    await _befall(self._exchange, kind)
                case _:
                    raise

    async def _conflict(self) -> None:
        await self._superseded.wait()
        raise Conflict("A new stream started with the same session ID. The current stream has been terminated.")

    async def _tell(self, take: Recogniser) -> None:
        lists = (self._rules.filters.get(name, ()) for name in self._request.filters)
        filtered = {word.lower() for words in lists for word in words}
        transcripts = Transcripts(self._request, self._language, filtered)
        try:
            async for hypothesis in take:
                await self._exchange.send(transcript_event(transcripts.event(hypothesis)))
        except EngineUnavailable as error:
            raise ServiceUnavailable(f"Service is currently unavailable: {error}") from error
        if not self._finished:
            raise InternalFailure(
                "A problem occurred while processing the audio. Amazon Transcribe stopped processing."
            )

    async def _feed(self, take: Recogniser, sound: Audio) -> None:
        async with aclosing(aiter(self._events)) as events:
            async for event in events:
                await self._feed_pcm(take, await sound.decode(event))
        await self._feed_pcm(take, await sound.finish())
        self._finished = True
        await take.finish()

    async def _feed_pcm(self, take: Recogniser, pcm: bytes) -> None:
        rate, limits = self._rules.engine.rate, self._rules.limits
        size = rate * _PIECE // 1000 * SAMPLE_BYTES
        for first in range(0, len(pcm), size):
            piece = pcm[first : first + size]
            await take.feed(piece)
            # An engine that takes audio without waiting must still get its results out between pieces.
            await asyncio.sleep(0)
            self._fed += len(piece) // SAMPLE_BYTES
            if self._fed > limits.length * rate:
                raise LimitExceeded(
                    "Your client has exceeded one of the Amazon Transcribe limits, the length of an audio stream. "
                    "Break your audio stream into smaller chunks and try your request again."
                )
            kind = self._rules.faults.strike(Service.TRANSCRIBE, self._fed * 1000 // rate)
            if kind is FaultKind.THROTTLE:
                raise LimitExceeded(_THROTTLED)
            if kind is not None:
                raise _Struck(kind)


def _audio(request: TranscriptionRequest, rate: int) -> Audio:
    """The decoder of what this request announces, for an engine of `rate` samples a second."""
    if request.encoding is MediaEncoding.PCM:
        return PcmAudio(request.rate, rate)
    return CompressedAudio(request.encoding, rate)


async def _befall(exchange: Exchange, kind: FaultKind) -> None:
    """Ends the exchange as the fault says; throttling is a TranscribeError and not among them."""
    match kind:
        case FaultKind.ABORT:
            exchange.abort()
        case FaultKind.RESET:
            exchange.reset()
        case FaultKind.NO_ANSWER:
            while await exchange.read() is not None:
                pass
            await asyncio.Event().wait()
        case _:
            exchange.end()
