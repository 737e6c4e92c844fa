"""eSpeak NG for real; its wheel is part of the project's set-up."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import AsyncIterator

import pytest

from processors.synthesize.engines.espeak import EspeakSynthesizer
from processors.synthesize.engines.espeak.library import Library
from shared.errors import EngineUnavailable, UnsupportedLanguage

pytestmark = pytest.mark.system

TEXT = "And mister John Dashwood had then leisure to consider how much there might be prudently in his power to do."
#: A text that takes far longer to speak than any test may run.
ENDLESS = TEXT * 100_000


@pytest.fixture
async def synthesizer() -> AsyncIterator[EspeakSynthesizer]:
    engine = EspeakSynthesizer()
    yield engine
    await engine.close()


async def speak(synthesizer: EspeakSynthesizer, text: str, language: str = "en", tempo: float = 1.0) -> bytes:
    return b"".join([chunk async for chunk in synthesizer.synthesize(text, language, tempo)])


def seconds(synthesizer: EspeakSynthesizer, clip: bytes) -> float:
    return len(clip) / 2 / synthesizer.rate


async def test_speaks_mono_pcm_at_its_rate(synthesizer: EspeakSynthesizer) -> None:
    samples = array("h", await speak(synthesizer, TEXT))
    assert synthesizer.rate == 22050
    assert 4 < len(samples) / synthesizer.rate < 9
    assert max(samples) > 5_000


@pytest.mark.parametrize("language", ["en", "es", "ca", "fr", "pt"])
@pytest.mark.parametrize("tempo", [1.1, 1.2, 1.3])
async def test_tempo_shortens_the_clip_by_its_factor(
    synthesizer: EspeakSynthesizer, language: str, tempo: float
) -> None:
    usual, faster = [len(await speak(synthesizer, TEXT, language, factor)) for factor in (1.0, tempo)]
    assert usual / faster == pytest.approx(tempo, abs=0.06)


async def test_every_language_it_lists_speaks_from_a_dictionary(
    synthesizer: EspeakSynthesizer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synthesizer.languages() >= {"ca", "de", "en", "es", "fr", "it", "nb", "no", "pt", "sh", "zh"}
    for language in synthesizer.languages():
        assert len(await speak(synthesizer, "12 Maria", language)) > 5_000, language
    assert capfd.readouterr().err == ""


async def test_a_language_without_a_voice_is_refused_with_those_it_speaks(synthesizer: EspeakSynthesizer) -> None:
    for language in ("tlh", "", "en-us-nyc", "roa/es"):
        with pytest.raises(UnsupportedLanguage, match=r"expected one of .*\bca, .*\bes, .*, got"):
            await speak(synthesizer, TEXT, language)


def test_a_refused_voice_is_an_error_and_not_the_last_one_speaking() -> None:
    library = Library()
    heard: list[bytes] = []

    def on_audio(chunk: bytes) -> bool:
        heard.append(chunk)
        return True

    library.speak("Hello", "gmw/en-US", 1.0, on_audio)
    assert heard
    heard.clear()
    with pytest.raises(EngineUnavailable, match=r"espeak_SetVoiceByName: expected code 0, got \d+ \(gmw/nobody\)"):
        library.speak("Hello", "gmw/nobody", 1.0, on_audio)
    assert not heard


@pytest.mark.parametrize("text", ["", " \n", "...", "?!", "—", "\0"])
async def test_nothing_to_say_makes_next_to_no_audio(synthesizer: EspeakSynthesizer, text: str) -> None:
    assert seconds(synthesizer, await speak(synthesizer, text)) < 0.1


@pytest.mark.parametrize("text", ["<speak>&amp</p>", "[[h@l'oU]]", "one\0two", "\ud800 one", "😀"])
async def test_text_is_never_taken_for_markup(synthesizer: EspeakSynthesizer, text: str) -> None:
    assert seconds(synthesizer, await speak(synthesizer, text)) > 0.3


async def test_the_first_chunk_comes_before_the_end_and_the_rest_is_given_up(synthesizer: EspeakSynthesizer) -> None:
    expected = seconds(synthesizer, await speak(synthesizer, "Hola amigo.", "es"))
    clip = synthesizer.synthesize(ENDLESS, "en", 1.0)
    assert len(await anext(clip)) > 0
    await clip.aclose()  # type: ignore[attr-defined]
    # eSpeak's own state makes a few samples' difference.
    again = seconds(synthesizer, await speak(synthesizer, "Hola amigo.", "es"))
    assert again == pytest.approx(expected, rel=0.02)


async def test_a_cancelled_listener_frees_the_engine(synthesizer: EspeakSynthesizer) -> None:
    listeners = [asyncio.create_task(speak(synthesizer, ENDLESS)) for _ in range(3)]
    await asyncio.sleep(0.01)
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    assert await speak(synthesizer, TEXT)


@pytest.mark.parametrize("mask", ["***", "*** ***", "* * *", "f***ing", "＊＊＊", "?$#@$"])
@pytest.mark.parametrize("tempo", [1.0, 1.3])
async def test_a_masked_word_is_a_short_pause(synthesizer: EspeakSynthesizer, mask: str, tempo: float) -> None:
    without, masked = [
        seconds(synthesizer, await speak(synthesizer, f"Qué & el {word} es <b> aquello?", "es", tempo))
        for word in ("", mask)
    ]
    assert 0.1 < masked - without < 0.6
    assert len(await speak(synthesizer, mask, "es", tempo)) < synthesizer.rate


async def test_clips_spoken_at_once_are_not_mixed(synthesizer: EspeakSynthesizer) -> None:
    wanted = [("Maria. " * number, language) for number in (1, 3, 9) for language in ("en", "es", "ca")]
    alone = [len(await speak(synthesizer, *each)) for each in wanted]
    together = await asyncio.gather(*(speak(synthesizer, *each) for each in wanted))
    assert [len(clip) for clip in together] == pytest.approx(alone, rel=0.02)


async def test_closing_ends_what_is_spoken_and_its_thread_but_no_other_engine() -> None:
    before = set(threading.enumerate())
    engine, other = EspeakSynthesizer(), EspeakSynthesizer()
    clip = engine.synthesize(ENDLESS, "en", 1.0)
    await anext(clip)
    await engine.close()
    await engine.close()
    with pytest.raises(EngineUnavailable, match="closed"):
        async for _ in clip:
            pass
    with pytest.raises(EngineUnavailable, match="closed"):
        await speak(engine, TEXT)
    assert await speak(other, TEXT)
    await other.close()
    assert set(threading.enumerate()) <= before
