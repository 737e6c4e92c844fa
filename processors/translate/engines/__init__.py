"""The translation engines; one is imported only when it is chosen."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from processors.translate.translator import Translator
from shared.errors import SettingError

_ENGINES = {
    "apertium": ("processors.translate.engines.apertium", "ApertiumTranslator"),
    "aws": ("processors.translate.engines.aws", "AwsTranslator"),
    "scripted": ("processors.translate.engines.scripted", "ScriptedTranslator"),
}


def load(name: str) -> Translator:
    """The engine called `name`.

    SettingError where there is none, EngineUnavailable where it is not installed, SetupError where AWS is not set up.
    """
    if name not in _ENGINES:
        raise SettingError(f"TRANSLATOR={name}: expected one of {', '.join(sorted(_ENGINES))}")
    module, engine = _ENGINES[name]
    return cast(Translator, getattr(import_module(module), engine)())
