"""Makes stages from their names, with the engines that the settings choose."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

from cli.backend import Backend
from processors.contract import Stage
from processors.dedup.stage import DedupStage
from processors.stability.stage import StabilityStage
from processors.synthesize import engines as synthesizers
from processors.synthesize.stage import SynthesizeStage
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe import engines as recognisers
from processors.transcribe.recogniser import RecogniserEngine
from processors.transcribe.stage import TranscribeStage
from processors.transcribe.sweep import Sweep
from processors.translate import engines as translators
from processors.translate.stage import TranslateStage
from processors.translate.translator import Translator
from shared.clock import SystemClock
from shared.settings import Settings


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
        """See EngineSet."""
        return recognisers.load(self._settings.recogniser, self._settings)

    @cached_property
    def translator(self) -> Translator:
        """See EngineSet."""
        return translators.load(self._settings.translator)

    @cached_property
    def synthesizer(self) -> Synthesizer:
        """See EngineSet."""
        return synthesizers.load(self._settings.synthesizer, self._settings)


_MAKERS: dict[str, Callable[[EngineSet, Settings, Backend], Stage]] = {
    "transcribe": lambda engines, settings, backend: TranscribeStage(
        engines.recogniser, Sweep(backend.store, settings, SystemClock())
    ),
    "stability": lambda *_: StabilityStage(),
    "dedup": lambda *_: DedupStage(),
    "translate": lambda engines, _, backend: TranslateStage(engines.translator, backend.cache, backend.ledger),
    "synthesize": lambda engines, *_: SynthesizeStage(engines.synthesizer),
}


def make(name: str, engines: EngineSet, settings: Settings, backend: Backend) -> Stage:
    """The stage of this name."""
    return _MAKERS[name](engines, settings, backend)
