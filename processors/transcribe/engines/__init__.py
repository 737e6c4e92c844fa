"""Speech recogniser engines, each imported only when it is chosen."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from processors.transcribe.recogniser import RecogniserEngine
from shared.errors import EngineUnavailable, SettingError

#: Name -> module here, class, the package it needs.
_ENGINES = {
    "moonshine": ("moonshine", "MoonshineEngine", "moonshine_voice"),
    "pocketsphinx": ("pocketsphinx", "PocketsphinxEngine", "pocketsphinx"),
}


def load(name: str) -> RecogniserEngine:
    """The engine called `name`: moonshine, pocketsphinx, or scripted:PATH with the file of the script it plays.

    Raises SettingError for any other name, EngineUnavailable where the engine's package is not installed, and
    ScriptError where the script cannot be read.
    """
    kind, _, path = name.partition(":")
    if kind == "scripted" and path:
        from processors.transcribe.engines.script import Script  # noqa: PLC0415
        from processors.transcribe.engines.scripted import ScriptedEngine  # noqa: PLC0415

        return ScriptedEngine(Script.load(Path(path)))
    if name not in _ENGINES:
        raise SettingError(f"RECOGNISER={name}: expected {', '.join(_ENGINES)} or scripted:PATH")
    module, engine, package = _ENGINES[name]
    if find_spec(package) is None:
        raise EngineUnavailable(
            f"the recogniser {name} needs the package {package.replace('_', '-')}: "
            "pip install 'low-latency-translate[offline]'"
        )
    made: RecogniserEngine = getattr(import_module(f"{__name__}.{module}"), engine)()
    return made
