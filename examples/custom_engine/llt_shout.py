"""A translator that shouts: every language is the source language in capitals."""

from __future__ import annotations

from processors.engines.spec import EngineKind, EngineSpec
from processors.translate.style import PLAIN, Style
from processors.translate.translator import Translator
from shared.errors import UnsupportedLanguage

LANGUAGES = frozenset({"ca", "en", "es"})


class ShoutTranslator(Translator):
    """Shouts at whoever listens; Spanish begins with a sign of its own."""

    name = "shout"
    billed = False

    def targets(self, source: str) -> frozenset[str]:
        return LANGUAGES - {source} if source in LANGUAGES else frozenset()

    def applied(self, style: Style) -> Style:
        return PLAIN

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        if target not in self.targets(source):
            raise UnsupportedLanguage(
                f"shout: expected one of {sorted(self.targets(source))} from {source}, got {target}"
            )
        return f"¡{text.upper()}!" if target == "es" else f"{text.upper()}!"

    async def close(self) -> None:
        """Holds nothing."""


ENGINE = EngineSpec(kind=EngineKind.TRANSLATOR, name="shout", target="llt_shout:ShoutTranslator")
