"""The engines of a pipeline: given or chosen, loaded when they are first asked for, and closed together."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from processors.engines.engines import Engines
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.errors import SettingError, SetupError, UnsupportedLanguage
from shared.sessions import Session
from shared.settings import Settings

pytestmark = pytest.mark.hermetic

SESSION = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


class Recogniser(ScriptedEngine):
    closed = 0

    async def close(self) -> None:
        self.closed += 1


def given(**settings: str) -> Engines:
    """A script that says nothing, and what the settings choose beside it."""
    chosen = Settings(**{"translator": "scripted", "synthesizer": "scripted"} | settings)  # type: ignore[arg-type]
    return Engines(chosen, recogniser=Recogniser(Script()))


def test_an_engine_is_loaded_when_it_is_first_asked_for_and_once() -> None:
    engines = Engines(Settings(recogniser="nonesuch", translator="scripted"))
    assert engines.translator is engines.translator
    with pytest.raises(SettingError, match="RECOGNISER=nonesuch"):
        _ = engines.recogniser


def test_all_are_loaded_at_once_where_that_is_asked(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    script.touch()
    with pytest.raises(SettingError, match="SYNTHESIZER=nonesuch"):
        Engines.load(Settings(recogniser=f"scripted:{script}", translator="scripted", synthesizer="nonesuch"))


def test_one_that_is_given_takes_the_place_of_the_one_that_is_chosen() -> None:
    recogniser, translator, synthesizer = ScriptedEngine(Script()), ScriptedTranslator(), ScriptedSynthesizer()
    settings = Settings(recogniser="nonesuch", translator="nonesuch", synthesizer="nonesuch")
    engines = Engines(settings, recogniser=recogniser, translator=translator, synthesizer=synthesizer)
    assert (engines.recogniser, engines.translator, engines.synthesizer) == (recogniser, translator, synthesizer)


@pytest.mark.parametrize(
    ("source", "targets", "message"),
    [
        ("de", ("es",), "source language de: this recogniser hears en"),
        ("en", ("es", "tlh"), "target language tlh: from en these engines reach ca, en, es, fr, it, pt"),
        ("en", (), "target language none: from en these engines reach ca, en, es, fr, it, pt"),
    ],
)
def test_languages_that_they_do_not_serve_are_named_with_those_they_do(
    source: str, targets: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UnsupportedLanguage, match=f"^{re.escape(message)}$"):
        given().check(source, targets)


def test_languages_that_they_serve_pass() -> None:
    given().check("en", ("en", "es", "ca"))


async def test_warming_up_warns_of_what_is_not_ready_and_raises_what_needs_mending(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engines = given()
    await engines.warm_up(SESSION, ["es"])
    assert caplog.messages == []
    translator = ScriptedTranslator()
    translator.broken.add("es")
    with caplog.at_level(logging.WARNING):
        await Engines(recogniser=Recogniser(Script()), translator=translator).warm_up(SESSION, ["es"])
    assert caplog.messages == ["an engine is not ready yet: es is switched to fail"]

    class Unmended(ScriptedTranslator):
        async def translate(self, *_: object) -> str:
            raise SetupError("no credentials")

    with pytest.raises(SetupError, match="no credentials"):
        await Engines(recogniser=Recogniser(Script()), translator=Unmended()).warm_up(SESSION, ["es"])


async def test_closing_closes_those_that_there_are_and_loads_none() -> None:
    recogniser = Recogniser(Script())
    await Engines(Settings(translator="nonesuch", synthesizer="nonesuch"), recogniser=recogniser).close()
    assert recogniser.closed == 1
