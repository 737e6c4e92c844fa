"""The three engines of a pipeline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Self

from processors.engines.registry import ENGINES
from processors.engines.spec import EngineKind
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe.recogniser import RecogniserEngine
from processors.translate.translator import Translator
from shared.errors import LowLatencyTranslateError, SetupError, UnsupportedLanguage
from shared.sessions import Session
from shared.settings import Settings

log = logging.getLogger(__name__)

_DEFAULTS = Settings()


class Engines:
    """What hears, translates and speaks: engines that are given, or those that the settings choose.

    Such a one is loaded when it is first asked for, and that may raise SettingError, EngineUnavailable or SetupError.
    """

    def __init__(
        self,
        settings: Settings = _DEFAULTS,
        *,
        recogniser: RecogniserEngine | None = None,
        translator: Translator | None = None,
        synthesizer: Synthesizer | None = None,
    ) -> None:
        self._settings = settings
        if recogniser is not None:
            self.recogniser = recogniser
        if translator is not None:
            self.translator = translator
        if synthesizer is not None:
            self.synthesizer = synthesizer

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """The engines that the settings choose, all three loaded now."""
        engines = cls(settings)
        _ = engines.recogniser, engines.translator, engines.synthesizer
        return engines

    @cached_property
    def recogniser(self) -> RecogniserEngine:
        """What hears."""
        made: RecogniserEngine = ENGINES.load(EngineKind.RECOGNISER, self._settings.recogniser, self._settings)
        return made

    @cached_property
    def translator(self) -> Translator:
        """What translates."""
        made: Translator = ENGINES.load(EngineKind.TRANSLATOR, self._settings.translator, self._settings)
        return made

    @cached_property
    def synthesizer(self) -> Synthesizer:
        """What speaks."""
        made: Synthesizer = ENGINES.load(EngineKind.SYNTHESIZER, self._settings.synthesizer, self._settings)
        return made

    def check(self, source: str, targets: Sequence[str]) -> None:
        """Raises UnsupportedLanguage, saying what would work, unless they take `source` into every target."""
        recogniser, translator, synthesizer = self.recogniser, self.translator, self.synthesizer
        heard = recogniser.languages()
        if source not in heard:
            raise UnsupportedLanguage(f"source language {source}: this recogniser hears {_listed(heard)}")
        reached = (translator.targets(source) | {source}) & synthesizer.languages()
        wrong = [target for target in targets if target not in reached]
        if wrong or not targets:
            asked = _listed(wrong)
            raise UnsupportedLanguage(f"target language {asked}: from {source} these engines reach {_listed(reached)}")

    async def warm_up(self, session: Session, targets: Sequence[str]) -> None:
        """Has each engine do its first work now, so that the first words need not wait for it.

        Raises SetupError where one will not work until somebody mends the setup.
        """
        try:
            take = await self.recogniser.open(session, 0)
            await take.close()
            for target in targets:
                text = "Hello."
                if target != session.source_language:
                    text = await self.translator.translate(text, session.source_language, target)
                async for _ in self.synthesizer.synthesize(text, target, 1.0):
                    pass
        except SetupError:
            raise
        except LowLatencyTranslateError as error:
            log.warning("an engine is not ready yet: %s", error)

    async def close(self) -> None:
        """Closes those that were loaded or given."""
        await asyncio.gather(*(engine.close() for kind in EngineKind if (engine := vars(self).get(kind))))


def _listed(languages: Iterable[str]) -> str:
    return ", ".join(sorted(languages)) or "none"
