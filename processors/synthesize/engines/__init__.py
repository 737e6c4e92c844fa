"""The speech synthesis engines; one is imported only when it is chosen."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from processors.synthesize.synthesizer import Synthesizer
from shared.errors import EngineUnavailable, SettingError

_ENGINES = {
    "espeak": ("processors.synthesize.engines.espeak", "EspeakSynthesizer"),
    "scripted": ("processors.synthesize.engines.scripted", "ScriptedSynthesizer"),
}


def load(name: str) -> Synthesizer:
    """The engine called `name`; SettingError where there is none, EngineUnavailable where it is not installed."""
    if name not in _ENGINES:
        raise SettingError(f"SYNTHESIZER={name}: expected one of {', '.join(sorted(_ENGINES))}")
    module, engine = _ENGINES[name]
    try:
        return cast(Synthesizer, getattr(import_module(module), engine)())
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            f"{name} needs the package {error.name}: pip install 'low-latency-translate[offline]'"
        ) from None
