"""The speech synthesis engines; one is imported only when it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from processors.synthesize.synthesizer import Synthesizer
from shared.errors import EngineUnavailable, SettingError
from shared.settings import Settings

_DEFAULTS = Settings()


def load(name: str, settings: Settings = _DEFAULTS) -> Synthesizer:
    """The engine called `name`, as the settings want it.

    SettingError where there is none, EngineUnavailable where it is not installed, SetupError where AWS is not set up.
    """
    if name not in _ENGINES:
        raise SettingError(f"SYNTHESIZER={name}: expected one of {', '.join(sorted(_ENGINES))}")
    try:
        return _ENGINES[name](settings)
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            f"{name} needs the package {error.name}: pip install 'low-latency-translate[offline]'"
        ) from None


def _espeak(_: Settings) -> Synthesizer:
    engine: Synthesizer = import_module("processors.synthesize.engines.espeak").EspeakSynthesizer()
    return engine


def _polly(settings: Settings) -> Synthesizer:
    engine: Synthesizer = import_module("processors.synthesize.engines.polly").PollySynthesizer(settings.polly_voices)
    return engine


def _scripted(_: Settings) -> Synthesizer:
    engine: Synthesizer = import_module("processors.synthesize.engines.scripted").ScriptedSynthesizer()
    return engine


_ENGINES: dict[str, Callable[[Settings], Synthesizer]] = {
    "espeak": _espeak,
    "polly": _polly,
    "scripted": _scripted,
}
