"""The scripted translator, on virtual time."""

from __future__ import annotations

import asyncio

import pytest

from processors.translate.engines.scripted import ScriptedTranslator
from shared.errors import EngineUnavailable, UnsupportedLanguage
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


def test_gives_the_text_it_was_told_or_marks_it() -> None:
    translator = ScriptedTranslator({("Good night.", "es"): "Buenas noches."})
    assert run(translator.translate("Good night.", "en", "es")) == "Buenas noches."
    assert run(translator.translate("Good night.", "en", "ca")) == "[ca] Good night."
    assert list(translator.requests) == [("Good night.", "en", "es"), ("Good night.", "en", "ca")]


def test_refuses_languages_it_was_not_given() -> None:
    translator = ScriptedTranslator(languages=("en", "es"))
    assert translator.targets("en") == {"es"}
    assert translator.targets("xx") == frozenset()
    with pytest.raises(UnsupportedLanguage, match=r"reached from en \(es\), got fr"):
        run(translator.translate("Hi.", "en", "fr"))


def test_switches_make_a_language_slow_fail_or_hang() -> None:
    translator = ScriptedTranslator()
    translator.delay["es"] = 3.0
    translator.failures["es"] = 1
    translator.broken.add("fr")
    translator.hanging.add("it")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(EngineUnavailable):
            await translator.translate("Hi.", "en", "es")
        assert await translator.translate("Hi.", "en", "es") == "[es] Hi."
        assert loop.time() == 6.0
        for _ in range(3):
            with pytest.raises(EngineUnavailable):
                await translator.translate("Hi.", "en", "fr")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await translator.translate("Hi.", "en", "it")
        assert await translator.translate("Hi.", "en", "ca") == "[ca] Hi."

    run(main())
