"""A translator that says what it was told to: for tests and demos without Apertium."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping

from processors.translate.style import PLAIN, Style
from processors.translate.translator import Translator
from shared.errors import EngineUnavailable, UnsupportedLanguage

#: The languages it speaks unless told otherwise.
LANGUAGES = ("ca", "en", "es", "fr", "it", "pt")


class ScriptedTranslator(Translator):
    """Looks texts up by (text, target); marks one that is not there with its language.

    `Good night.` becomes `[es] Good night.`. The switches may be turned while it is in use. Each is by target language.
    """

    name = "scripted"
    #: Whether it claims to be paid by the character.
    billed = False

    def __init__(
        self, translations: Mapping[tuple[str, str], str] | None = None, *, languages: Iterable[str] = LANGUAGES
    ) -> None:
        self.translations = dict(translations or {})
        self.languages = frozenset(languages)
        #: Seconds before it answers.
        self.delay: dict[str, float] = {}
        #: Languages that always fail.
        self.broken: set[str] = set()
        #: How many of the next requests fail.
        self.failures: dict[str, int] = {}
        #: Languages that never answer.
        self.hanging: set[str] = set()
        #: The last requests as (text, source, target), whatever came of them.
        self.requests: deque[tuple[str, str, str]] = deque(maxlen=1000)

    def targets(self, source: str) -> frozenset[str]:
        """All its languages but the source; none where it does not know the source."""
        return self.languages - {source} if source in self.languages else frozenset()

    def applied(self, style: Style) -> Style:
        return style

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        """The text that was given for it, or the text marked with its target language, whatever the style."""
        if target not in self.targets(source):
            known = ", ".join(sorted(self.targets(source))) or "none"
            raise UnsupportedLanguage(f"expected a target that is reached from {source} ({known}), got {target}")
        self.requests.append((text, source, target))
        await asyncio.sleep(self.delay.get(target, 0))
        if target in self.hanging:
            await asyncio.Event().wait()
        if target in self.broken:
            raise EngineUnavailable(f"{target} is switched to fail")
        if self.failures.get(target, 0) > 0:
            self.failures[target] -= 1
            raise EngineUnavailable(f"{target} is switched to fail {self.failures[target]} times more")
        return self.translations.get((text, target), f"[{target}] {text}")

    async def close(self) -> None:
        """Holds nothing."""
