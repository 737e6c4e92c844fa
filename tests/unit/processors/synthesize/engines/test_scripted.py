"""The scripted synthesizer, on virtual time."""

from __future__ import annotations

import asyncio

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from shared.errors import EngineUnavailable, UnsupportedLanguage
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


async def speak(synthesizer: ScriptedSynthesizer, text: str, language: str = "es", tempo: float = 1.0) -> list[bytes]:
    return [chunk async for chunk in synthesizer.synthesize(text, language, tempo)]


def test_a_clip_is_as_long_as_its_text_over_the_tempo() -> None:
    synthesizer = ScriptedSynthesizer(pace=50, chunk=100)
    chunks = run(speak(synthesizer, "Hola amigo"))
    assert [len(chunk) for chunk in chunks] == [3200] * 5
    assert len(b"".join(run(speak(synthesizer, "Hola amigo", tempo=1.25)))) == 12_800
    assert run(speak(synthesizer, " ")) == []
    assert run(speak(synthesizer, "Hola amigo")) == chunks


def test_switches_make_a_language_slow_fail_break_off_or_hang() -> None:
    synthesizer = ScriptedSynthesizer(pace=100, chunk=100)
    synthesizer.delay["es"] = 2.0
    synthesizer.failures["ca"] = 1
    synthesizer.breaks["fr"] = 1
    synthesizer.broken.add("it")
    synthesizer.hanging.add("pt")

    async def main() -> None:
        assert len(await speak(synthesizer, "Hola")) == 4
        assert asyncio.get_running_loop().time() == 8.0
        with pytest.raises(EngineUnavailable):
            await speak(synthesizer, "Hola", "ca")
        assert len(await speak(synthesizer, "Hola", "ca")) == 4
        clip = synthesizer.synthesize("Hola", "fr", 1.0)
        assert [len(await anext(clip)) for _ in range(2)] == [3200, 3200]
        with pytest.raises(EngineUnavailable, match="break off"):
            await anext(clip)
        assert len(await speak(synthesizer, "Hola", "fr")) == 4
        synthesizer.breaks["fr"] = 1
        with pytest.raises(EngineUnavailable, match="break off"):
            await speak(synthesizer, "O", "fr")
        for _ in range(3):
            with pytest.raises(EngineUnavailable):
                await speak(synthesizer, "Hola", "it")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await speak(synthesizer, "Hola", "pt")

    run(main())


def test_refuses_languages_it_was_not_given() -> None:
    synthesizer = ScriptedSynthesizer(languages=("ca", "es"))
    assert synthesizer.languages() == {"ca", "es"}
    with pytest.raises(UnsupportedLanguage, match="expected one of ca, es, got fr"):
        run(speak(synthesizer, "Salut", "fr"))
