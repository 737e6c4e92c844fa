"""The offline engines behind the emulators. What the environment chooses for the pipeline does not choose them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from processors.synthesize import engines as synthesizers
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe import engines as recognisers
from processors.transcribe.recogniser import RecogniserEngine
from processors.translate import engines as translators
from processors.translate.translator import Translator
from shared.errors import SettingError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The engines by name; SettingError for one that is not offline, which would call the emulator itself."""

    recogniser: str
    translator: str
    synthesizer: str

    def __post_init__(self) -> None:
        _check("--recogniser", self.recogniser, "moonshine", "pocketsphinx", "scripted:PATH")
        _check("--translator", self.translator, "apertium", "scripted")
        _check("--synthesizer", self.synthesizer, "espeak", "scripted")


@asynccontextmanager
async def loaded(chosen: Chosen) -> AsyncIterator[tuple[RecogniserEngine, Translator, Synthesizer]]:
    """The engines, closed on leaving. Raises EngineUnavailable where one is not installed, and ScriptError."""
    async with AsyncExitStack() as stack:
        recogniser = recognisers.load(chosen.recogniser)
        stack.push_async_callback(recogniser.close)
        translator = translators.load(chosen.translator)
        stack.push_async_callback(translator.close)
        synthesizer = synthesizers.load(chosen.synthesizer)
        stack.push_async_callback(synthesizer.close)
        yield recogniser, translator, synthesizer


def _check(option: str, name: str, *expected: str) -> None:
    kind, _, path = name.partition(":")
    if name not in expected and not (path and f"{kind}:PATH" in expected):
        raise SettingError(f"{option} {name}: expected {', '.join(expected)}, an engine that works offline")
