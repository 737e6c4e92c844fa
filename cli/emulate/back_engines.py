"""The offline engines behind the emulators. What the environment chooses for the pipeline does not choose them."""

from __future__ import annotations

from processors.engines.built_in import BUILT_IN
from processors.engines.engines import Engines
from processors.engines.registry import ENGINES, listed
from processors.engines.spec import EngineKind
from shared.errors import SettingError
from shared.settings import Settings


def described(kind: EngineKind) -> str:
    """Which of this project's there are. Those of other packages are not looked for: `--help` is to come at once."""
    return listed(spec for spec in BUILT_IN if spec.kind is kind and spec.offline)


def chosen(recogniser: str, translator: str, synthesizer: str) -> Engines:
    """The engines by name; SettingError for one that is not offline, which would call the emulator itself."""
    given = {
        EngineKind.RECOGNISER: recogniser,
        EngineKind.TRANSLATOR: translator,
        EngineKind.SYNTHESIZER: synthesizer,
    }
    for kind, name in given.items():
        spec = ENGINES.find(kind, name)
        if spec is None or not spec.offline:
            expected = ", ".join(spec.form for spec in ENGINES.known(kind) if spec.offline)
            raise SettingError(f"--{kind} {name}: expected {expected}, an engine that works offline")
    return Engines(Settings(recogniser=recogniser, translator=translator, synthesizer=synthesizer))
