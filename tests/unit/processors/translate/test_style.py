"""A session's own style reaches the engine, and keeps its translations apart from others."""

from __future__ import annotations

import logging

import pytest

from processors.translate.cache import cache_key
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.style import PLAIN, Style
from shared.models import Status
from shared.settings import Settings
from tests.unit.processors.translate.translate_harness import TranslateHarness, run_scenario, segment

pytestmark = pytest.mark.hermetic


class Stylish(ScriptedTranslator):
    """Keeps the styles that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.styles: list[Style] = []

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        self.styles.append(style)
        return await super().translate(text, source, target, style)


def test_a_style_is_what_the_settings_ask_for() -> None:
    asked = Settings(translate_terminology="medicine", translate_profanity="mask", translate_formality="formal")
    assert Style.of(asked) == Style("medicine", mask_profanity=True, formality="formal")
    assert Style.of(Settings()) == PLAIN


def test_keys_differ_by_style_and_plain_ones_are_as_ever() -> None:
    plain = cache_key("Good night.", "en", "es", "aws")
    styles = (Style("a"), Style("b"), Style(mask_profanity=True), Style(formality="formal"))
    keys = {cache_key("Good night.", "en", "es", "aws", style) for style in styles}
    assert len(keys | {plain}) == 5
    assert cache_key("Good night.", "en", "es", "aws", PLAIN) == plain
    assert cache_key(" Good  night.", "en", "es", "aws", styles[0]) in keys


def test_the_engine_is_asked_in_the_style_of_the_session() -> None:
    harness = TranslateHarness(("es",), TRANSLATE_FORMALITY="informal", TRANSLATE_PROFANITY="loudly")
    engine = Stylish()

    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), every=1)
        assert engine.styles == [Style(formality="informal")]

    run_scenario(scenario, harness.with_engine(engine))


def test_a_session_with_several_terminologies_goes_without_them_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    engine = Stylish()

    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), every=1)
        assert harness.statuses("es") == [(1, Status.OK)]
        assert engine.styles == [Style(mask_profanity=True)]

    harness = TranslateHarness(("es",), TRANSLATE_TERMINOLOGY="medicine,names", TRANSLATE_PROFANITY="mask")
    with caplog.at_level(logging.WARNING):
        run_scenario(scenario, harness.with_engine(engine))
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning.startswith("translate: session talk goes without a setting of its own: TRANSLATE_TERMINOLOGY=")
    assert warning.endswith("=medicine,names: expected one name")
