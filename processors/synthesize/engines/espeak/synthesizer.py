"""The eSpeak engine: one thread speaks, one text at a time, and hands on each chunk as it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from xml.sax.saxutils import escape

from processors.synthesize.engines.espeak.audio_queue import AudioQueue
from processors.synthesize.engines.espeak.library import Library
from processors.synthesize.engines.espeak.voices import by_language
from processors.synthesize.masks import PAUSE, silenced
from processors.synthesize.synthesizer import Synthesizer
from shared.errors import EngineUnavailable, UnsupportedLanguage


class EspeakSynthesizer(Synthesizer):
    """Speaks with eSpeak's best voice for each language. EngineUnavailable where the library cannot be had."""

    def __init__(self) -> None:
        self._library = Library()
        self.rate = self._library.rate
        self._voices = by_language(self._library.voices)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")
        self._closed = False

    def languages(self) -> frozenset[str]:
        """The languages it has a voice for."""
        return frozenset(self._voices)

    async def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
        """Mono PCM s16le in chunks of 200 ms; whoever stops listening stops the speaking.

        `tempo` sets eSpeak's speaking rate, which keeps to it more closely than SSML prosody: that leaves the
        pauses as they are and adds one at the end. SSML serves for the pause of a masked word alone.
        """
        voice = self._voices.get(language)
        if voice is None:
            raise UnsupportedLanguage(f"expected one of {', '.join(sorted(self._voices))}, got {language}")
        if self._closed:
            raise EngineUnavailable("eSpeak is closed")
        queue = AudioQueue()
        self._worker.submit(self._speak, queue, text, voice, tempo)
        try:
            while (chunk := await queue.next()) is not None:
                yield chunk
        finally:
            queue.cancel()

    async def close(self) -> None:
        """Ends the thread; clips that are being spoken break off."""
        if not self._closed:
            self._closed = True
            self._worker.shutdown()

    def _speak(self, queue: AudioQueue, text: str, voice: str, tempo: float) -> None:
        try:
            plain = escape(text)
            marked = silenced(plain, f'<break time="{PAUSE}ms"/>')
            ssml = marked != plain
            self._library.speak(
                marked if ssml else text, voice, tempo, lambda chunk: not self._closed and queue.put(chunk), ssml=ssml
            )
            queue.end(EngineUnavailable("eSpeak was closed") if self._closed else None)
        except Exception as error:
            queue.end(error)
