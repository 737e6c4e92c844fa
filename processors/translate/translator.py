"""The interface of a translation engine."""

from __future__ import annotations

from typing import Protocol

from processors.engines.engine import Engine
from processors.translate.style import PLAIN, Style


class Translator(Engine, Protocol):
    """Translates text; languages are ISO 639-1 codes."""

    @property
    def name(self) -> str:
        """What TRANSLATOR calls it: what one engine made is never taken for what another would make."""

    @property
    def billed(self) -> bool:
        """Whether every character that it translates is paid for."""

    def targets(self, source: str) -> frozenset[str]:
        """The languages it can translate `source` into."""

    def applied(self, style: Style) -> Style:
        """The style that it translates in now where `style` is asked for: translations are kept by this one."""

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        """The text in `target`, in a style as far as the engine knows styles.

        Raises EngineUnavailable for now, UnsupportedLanguage for ever.
        """
