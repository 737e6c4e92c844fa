"""All five stages in this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, Self

from processors.backend import Backend, memory
from processors.contract import Stage
from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from processors.stages import STAGES
from processors.synthesize import engines as synthesizers
from processors.synthesize.stage import SynthesizeStage
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe import engines as recognisers
from processors.transcribe.idle_sessions import IdleSessions
from processors.transcribe.recogniser import RecogniserEngine
from processors.transcribe.stage import TranscribeStage
from processors.translate import engines as translators
from processors.translate.stage import TranslateStage
from processors.translate.translator import Translator
from shared.clock import SystemClock
from shared.errors import LowLatencyTranslateError, SetupError, UnsupportedLanguage
from shared.metrics import Metrics
from shared.sessions import Session
from shared.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Engines:
    """What hears, translates and speaks."""

    recogniser: RecogniserEngine
    translator: Translator
    synthesizer: Synthesizer

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """The engines that the settings choose; raises SettingError or EngineUnavailable."""
        chosen = EnginesOnDemand(settings)
        return cls(chosen.recogniser, chosen.translator, chosen.synthesizer)

    def check(self, source: str, targets: Sequence[str]) -> None:
        """Raises UnsupportedLanguage, saying what would work, unless they take `source` into every target."""
        heard = self.recogniser.languages()
        if source not in heard:
            raise UnsupportedLanguage(f"source language {source}: this recogniser hears {_listed(heard)}")
        reached = (self.translator.targets(source) | {source}) & self.synthesizer.languages()
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


class Pipeline:
    """A local host that runs every stage as an application of its own, on the backend: by default, in memory.

    `crashes` is where the host keeps what kills its process; see LocalHost.
    """

    def __init__(
        self,
        engines: Engines,
        settings: Settings,
        metrics: Metrics,
        backend: Backend | None = None,
        crashes: Path | None = None,
    ) -> None:
        backend = backend or memory(settings)
        self.streams = backend.streams
        self.store = backend.store
        self.host = LocalHost(
            [[make_stage(name, engines, settings, backend)] for name in STAGES],
            self.streams,
            self.store,
            checkpoints=backend.checkpoints,
            settings=settings,
            metrics=metrics,
            crashes=crashes,
        )


def _listed(languages: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(languages)) or "none"


class EngineSet(Protocol):
    """What hears, translates and speaks."""

    @property
    def recogniser(self) -> RecogniserEngine:
        """What hears."""

    @property
    def translator(self) -> Translator:
        """What translates."""

    @property
    def synthesizer(self) -> Synthesizer:
        """What speaks."""


class EnginesOnDemand:
    """Loads an engine when a stage first wants it; may raise SettingError or EngineUnavailable then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def recogniser(self) -> RecogniserEngine:
        return recognisers.load(self._settings.recogniser, self._settings)

    @cached_property
    def translator(self) -> Translator:
        return translators.load(self._settings.translator)

    @cached_property
    def synthesizer(self) -> Synthesizer:
        return synthesizers.load(self._settings.synthesizer, self._settings)


_MAKERS: dict[str, Callable[[EngineSet, Settings, Backend], Stage]] = {
    "transcribe": lambda engines, settings, backend: TranscribeStage(
        engines.recogniser, IdleSessions(backend.store, settings, SystemClock())
    ),
    "stability": lambda *_: StabilityStage(),
    "dedup": lambda *_: DedupStage(),
    "translate": lambda engines, _, backend: TranslateStage(engines.translator, backend.cache, backend.usage),
    "synthesize": lambda engines, *_: SynthesizeStage(engines.synthesizer),
}


def make_stage(name: str, engines: EngineSet, settings: Settings, backend: Backend) -> Stage:
    """The stage of this name."""
    return _MAKERS[name](engines, settings, backend)
