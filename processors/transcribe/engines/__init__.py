"""Speech recogniser engines, each imported only when it is chosen."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from processors.transcribe.recogniser import RecogniserEngine
from shared.errors import EngineUnavailable, SettingError
from shared.settings import Settings

#: What an engine goes by where it is given no settings.
DEFAULTS = Settings()

#: Name -> module here, class, the package it needs, and the extra that installs it.
_ENGINES = {
    "moonshine": ("moonshine", "MoonshineEngine", "moonshine_voice", "offline"),
    "pocketsphinx": ("pocketsphinx", "PocketsphinxEngine", "pocketsphinx", "offline"),
    "aws": ("aws", "AwsEngine", "amazon_transcribe", "aws"),
}


def load(name: str, settings: Settings = DEFAULTS) -> RecogniserEngine:
    """The engine called `name`: moonshine, pocketsphinx, aws, or scripted:PATH with the file of the script it plays.

    `settings` has those of the engine. Raises SettingError for any other name or a setting of no use to the engine,
    EngineUnavailable where its package is not installed, SetupError where what it needs beside that is missing, and
    ScriptError where the script cannot be read.
    """
    kind, _, path = name.partition(":")
    if kind == "scripted" and path:
        from processors.transcribe.engines.script import Script  # noqa: PLC0415
        from processors.transcribe.engines.scripted import ScriptedEngine  # noqa: PLC0415

        return ScriptedEngine(Script.load(Path(path)))
    if name not in _ENGINES:
        raise SettingError(f"RECOGNISER={name}: expected {', '.join(_ENGINES)} or scripted:PATH")
    module, engine, package, extra = _ENGINES[name]
    if find_spec(package) is None:
        raise EngineUnavailable(
            f"the recogniser {name} needs the package {package.replace('_', '-')}: "
            f"pip install 'low-latency-translate[{extra}]'"
        )
    make = getattr(import_module(f"{__name__}.{module}"), engine)
    made: RecogniserEngine = make(settings) if name == "aws" else make()
    return made
