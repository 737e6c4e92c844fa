"""A synthesizer that hums: for tests and demos without eSpeak."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator, Iterable

from processors.synthesize.synthesizer import Synthesizer
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import SAMPLE_BYTES

#: The languages it speaks unless told otherwise.
LANGUAGES = ("ca", "en", "es", "fr", "it", "pt")
#: Hz, and samples of 32,767, of the tone it speaks in.
_PITCH = 200
_LOUDNESS = 500


class ScriptedSynthesizer(Synthesizer):
    """Speaks a quiet tone, `pace` ms a character at tempo 1, in chunks of `chunk` ms.

    The switches may be turned while it is in use. Each is by language.
    """

    rate = 16_000

    def __init__(self, *, pace: float = 60.0, chunk: int = 100, languages: Iterable[str] = LANGUAGES) -> None:
        self._pace = pace
        self._languages = frozenset(languages)
        period = self.rate // _PITCH
        wave = [round(_LOUDNESS * math.sin(2 * math.pi * at / period)) for at in range(period)]
        # Whole periods, so that chunk follows chunk without a click.
        self._chunk = struct.pack(f"<{period}h", *wave) * max(1, chunk * _PITCH // 1000)
        #: Seconds before each chunk.
        self.delay: dict[str, float] = {}
        #: Languages that always fail.
        self.broken: set[str] = set()
        #: How many of the next clips fail before their first chunk.
        self.failures: dict[str, int] = {}
        #: How many of the next clips break off at their middle.
        self.breaks: dict[str, int] = {}
        #: Languages that never answer.
        self.hanging: set[str] = set()

    def languages(self) -> frozenset[str]:
        """The languages it was given."""
        return self._languages

    def samples(self, text: str, tempo: float = 1.0) -> int:
        """How many samples the text takes."""
        return round(len(text.strip()) * self._pace * self.rate / 1000 / tempo)

    async def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
        """A tone as long as the text."""
        if language not in self._languages:
            raise UnsupportedLanguage(f"expected one of {', '.join(sorted(self._languages))}, got {language}")
        if language in self.hanging:
            await asyncio.Event().wait()
        if language in self.broken:
            raise EngineUnavailable(f"{language} is switched to fail")
        if self._consume(self.failures, language):
            raise EngineUnavailable(f"{language} is switched to fail {self.failures[language]} times more")
        length = self.samples(text, tempo) * SAMPLE_BYTES
        middle = length // 2 if self._consume(self.breaks, language) else length
        for start in range(0, length, len(self._chunk)):
            await asyncio.sleep(self.delay.get(language, 0))
            if start >= middle:
                raise EngineUnavailable(f"{language} is switched to break off")
            yield self._chunk[: length - start]
        if length > middle:
            raise EngineUnavailable(f"{language} is switched to break off")

    async def close(self) -> None:
        """Holds nothing."""

    @staticmethod
    def _consume(switch: dict[str, int], language: str) -> bool:
        left = switch.get(language, 0)
        if left > 0:
            switch[language] = left - 1
        return left > 0
