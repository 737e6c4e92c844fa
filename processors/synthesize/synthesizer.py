"""The interface of a speech synthesis engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from processors.engines.engine import Engine


class Synthesizer(Engine, Protocol):
    """Speaks text; languages are ISO 639-1 codes."""

    #: Samples a second of what it speaks.
    rate: int

    def languages(self) -> frozenset[str]:
        """The languages it has a voice for."""

    def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
        """Mono PCM s16le as it is made, `tempo` times as fast as usual (1.0-1.3).

        Raises EngineUnavailable for now, UnsupportedLanguage for ever.
        """
