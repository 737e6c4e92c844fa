"""The Amazon Polly engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Self

from processors.engines.split_text import split_text
from processors.synthesize.engines.polly.answer import read
from processors.synthesize.engines.polly.ssml import escaped, plain, sendable, ssml
from processors.synthesize.engines.polly.voices import Voice, voices
from processors.synthesize.synthesizer import Synthesizer
from shared.aws import Aws, AwsError, AwsRetries
from shared.aws.threads import DaemonThreadPool
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import SAMPLE_BYTES
from shared.settings import Settings

#: Characters that Polly speaks in one request. It takes twice as many with the tags: what is escaped counts in full.
LIMIT = 3000
#: Requests for neural voices that an account may have under way. Their rate, 8 a second, is kept by the client.
_CONCURRENT = 18
_TRIES = AwsRetries(4, "adaptive", read_timeout=5)
#: Seconds that a voice is sent plain text after it refused SSML.
_PLAIN_FOR = 300.0
#: Letters and digits a second that nobody speaks: an answer that is shorter was cut off.
_FASTEST = 50
#: Seconds that closing waits for answers nobody wants any more.
_CLOSE_TIMEOUT = 2.0
#: Refusals that no text changes.
_PERMANENT = frozenset({"EngineNotSupportedException", "LanguageNotSupportedException"})


class PollySynthesizer(Synthesizer):
    """Speaks with a neural voice for each language; `overrides` is as POLLY_VOICES, whose SettingError it raises.

    Polly is found by the usual AWS means; SetupError where those are not set up. No error quotes the text.
    """

    rate = 16_000

    def __init__(self, overrides: str = "", aws: Aws | None = None) -> None:
        self._voices = voices(overrides)
        self._client = (aws or Aws()).client("polly", EngineUnavailable, _TRIES)
        self._threads = DaemonThreadPool(_CONCURRENT, "polly-audio")
        self._slots = asyncio.Semaphore(_CONCURRENT)
        self._plain_until: dict[Voice, float] = {}
        self._abandoned: set[asyncio.Task[dict[str, Any]]] = set()

    @classmethod
    def from_settings(cls, settings: Settings, argument: str) -> Self:
        return cls(settings.polly_voices)

    def languages(self) -> frozenset[str]:
        """The languages it has a voice for."""
        return frozenset(self._voices)

    async def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
        """Mono PCM s16le at 16 kHz as it arrives; whoever stops listening ends the request.

        `tempo` is SSML prosody. A voice that refuses SSML speaks at its own tempo instead, for some minutes without
        being asked again. A text over 3000 characters is spoken in pieces, by sentences.
        """
        voice = self._voices.get(language)
        if voice is None:
            raise UnsupportedLanguage(f"expected one of {', '.join(sorted(self._voices))}, got {language}")
        for piece in split_text(sendable(text), LIMIT, lambda part: len(escaped(part))):
            if piece.strip():
                async with self._slots, aclosing(self._speak(piece, voice, tempo)) as audio:
                    async for pcm in audio:
                        yield pcm

    async def close(self) -> None:
        """Gives up what is under way; waits 2 s at most."""
        if self._abandoned:
            await asyncio.wait(self._abandoned, timeout=_CLOSE_TIMEOUT)

    async def _speak(self, text: str, voice: Voice, tempo: float) -> AsyncGenerator[bytes, None]:
        answer = await self._answer(text, voice, tempo)
        stream = answer.get("AudioStream")
        if stream is None:
            raise EngineUnavailable(f"{self._client.endpoint}: expected audio of {voice.id}, got none")
        heard = 0
        async with aclosing(read(stream, self._threads)) as audio:
            async for pcm in audio:
                heard += len(pcm)
                yield pcm
        seconds = heard / SAMPLE_BYTES / self.rate
        least = sum(map(str.isalnum, text)) / _FASTEST / tempo
        if seconds < least:
            raise EngineUnavailable(f"Polly's audio ended early: expected {least:.1f} s at least, got {seconds:.1f} s")

    async def _answer(self, text: str, voice: Voice, tempo: float) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        try:
            if self._plain_until.get(voice, now) <= now:
                try:
                    return await self._ask(voice, TextType="ssml", Text=ssml(text, tempo))
                except AwsError as error:
                    if error.code != "InvalidSsmlException":
                        raise
                    self._plain_until[voice] = now + _PLAIN_FOR
            return await self._ask(voice, TextType="text", Text=plain(text))
        except AwsError as error:
            # Its message may quote the text.
            refused = f"Polly's {voice.id} refused {len(text)} characters: {error.code}"
            raise (UnsupportedLanguage if error.code in _PERMANENT else EngineUnavailable)(refused) from None

    async def _ask(self, voice: Voice, **parameters: str) -> dict[str, Any]:
        if voice.code is not None:
            parameters["LanguageCode"] = voice.code
        call = self._client.call(
            "synthesize_speech",
            Engine="neural",
            OutputFormat="pcm",
            SampleRate=str(self.rate),
            VoiceId=voice.id,
            **parameters,
        )
        asking = asyncio.ensure_future(call)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            # The request goes on in its thread, and its connection has to be closed.
            self._abandoned.add(asking)
            asking.add_done_callback(self._close_abandoned)
            raise

    def _close_abandoned(self, asking: asyncio.Task[dict[str, Any]]) -> None:
        self._abandoned.discard(asking)
        if not asking.cancelled() and asking.exception() is None and "AudioStream" in asking.result():
            self._threads.submit(asking.result()["AudioStream"].close)
