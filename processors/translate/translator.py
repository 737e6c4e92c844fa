"""The interface of a translation engine."""

from __future__ import annotations

from typing import Protocol


class Translator(Protocol):
    """Translates text; languages are ISO 639-1 codes."""

    def targets(self, source: str) -> frozenset[str]:
        """The languages it can translate `source` into."""

    async def translate(self, text: str, source: str, target: str) -> str:
        """The text in `target`. Raises EngineUnavailable for now, UnsupportedLanguage for ever."""

    async def close(self) -> None:
        """Gives up its resources."""
