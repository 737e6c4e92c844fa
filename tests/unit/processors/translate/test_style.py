"""A session's own style reaches the engine, and keeps its translations apart from others."""

from __future__ import annotations

from processors.translate.cache import cache_key
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.style import PLAIN, Style
from shared.settings import Settings
from tests.unit.processors.translate.talk import Talk, play, segment


class Stylish(ScriptedTranslator):
    """Keeps the styles that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.styles: list[Style] = []

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        self.styles.append(style)
        return await super().translate(text, source, target, style)


def test_a_style_is_what_the_settings_ask_for() -> None:
    asked = Settings(
        translate_terminologies=" medicine, ,names", translate_profanity="mask", translate_formality="formal"
    )
    assert Style.of(asked) == Style(("medicine", "names"), mask_profanity=True, formality="formal")
    assert Style.of(Settings()) == PLAIN


def test_keys_differ_by_style_and_plain_ones_are_as_ever() -> None:
    plain = cache_key("Good night.", "en", "es", "aws")
    styles = (Style(("a",)), Style(("a", "b")), Style(mask_profanity=True), Style(formality="formal"))
    keys = {cache_key("Good night.", "en", "es", "aws", style) for style in styles}
    assert len(keys | {plain}) == 5
    assert cache_key("Good night.", "en", "es", "aws", PLAIN) == plain
    assert cache_key("?!", "en", "es", "aws", styles[0]) is None
    assert cache_key("good night", "en", "es", "aws", styles[0]) in keys


def test_the_engine_is_asked_in_the_style_of_the_session() -> None:
    talk = Talk(("es",), TRANSLATE_FORMALITY="informal", TRANSLATE_PROFANITY="loudly")
    engine = Stylish()

    async def scene(talk: Talk) -> None:
        await talk.send(segment(1), every=1)
        assert engine.styles == [Style(formality="informal")]

    play(scene, talk.speaks(engine))
