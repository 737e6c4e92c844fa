"""Amazon Polly's engine against the emulator, whatever befalls its requests."""

from __future__ import annotations

import asyncio

import pytest

from processors.contract import Closing
from processors.synthesize.engines.espeak import EspeakSynthesizer
from processors.synthesize.engines.polly import PollySynthesizer
from processors.synthesize.engines.polly.voices import VOICES
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.stage import SynthesizeStage
from processors.synthesize.synthesizer import Synthesizer
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import SAMPLE_BYTES, Speech, Status, Translation
from shared.sessions import MemorySessionStore, Session
from tests.integration.processors.emulated_aws import EmulatedAws, emulated
from tests.support.operator_harness import OperatorHarness
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

__all__ = ["emulated"]

TEXT = "Buenas noches a todos los que escuchan."


async def heard(engine: Synthesizer, text: str = TEXT, language: str = "es", tempo: float = 1.0) -> float:
    """How many seconds the engine speaks."""
    length = sum([len(pcm) async for pcm in engine.synthesize(text, language, tempo)])
    return length / SAMPLE_BYTES / engine.rate


async def test_it_speaks_as_long_as_the_engine_behind_and_faster_where_it_must(emulated: EmulatedAws) -> None:
    offline = EspeakSynthesizer()
    async with emulated.running(synthesizer=offline):
        engine = PollySynthesizer()
        for tempo in (1.0, 1.3):
            assert await heard(engine, tempo=tempo) == pytest.approx(await heard(offline, tempo=tempo), abs=0.1)
        assert await heard(engine, "Tú & <yo>.") == pytest.approx(await heard(offline, "Tú & <yo>."), abs=0.1)
    await offline.close()


async def test_a_masked_word_is_a_short_pause(emulated: EmulatedAws) -> None:
    async with emulated.running(synthesizer=ScriptedSynthesizer(pace=30)):
        engine = PollySynthesizer()
        without, masked = [await heard(engine, f"Qué el {word} es aquello?") for word in ("", "***")]
        assert masked - without == pytest.approx(0.25, abs=0.1)


async def test_every_voice_is_a_neural_one_of_its_language(emulated: EmulatedAws) -> None:
    async with emulated.running():
        client = emulated.client("polly")
        pages = client.get_paginator("describe_voices").paginate(Engine="neural", IncludeAdditionalLanguageCodes=True)
        listed = await asyncio.to_thread(lambda: [voice for page in pages for voice in page["Voices"]])
        client.close()
    codes = {voice["Id"]: [voice["LanguageCode"], *voice.get("AdditionalLanguageCodes", ())] for voice in listed}
    assert [language for language, voice in VOICES.items() if voice.code not in codes.get(voice.id, [])] == []


async def test_every_language_of_the_table_is_spoken(emulated: EmulatedAws) -> None:
    async with emulated.running(synthesizer=ScriptedSynthesizer(languages=VOICES, pace=30)):
        engine = PollySynthesizer()
        spoken = await asyncio.gather(*(heard(engine, "Hm.", language) for language in sorted(engine.languages())))
        assert min(spoken) > 0
        with pytest.raises(UnsupportedLanguage, match=r"Gwyneth refused .* EngineNotSupported"):
            await heard(PollySynthesizer("cy=Gwyneth"), language="cy")


async def test_a_text_over_the_limit_is_spoken_whole(emulated: EmulatedAws) -> None:
    offline = ScriptedSynthesizer(pace=30)
    async with emulated.running(synthesizer=offline):
        text = "Él & ella duermen mañana. " * 180
        # The engine behind speaks no blanks at the end of each piece.
        assert await heard(PollySynthesizer(), text) == pytest.approx(await heard(offline, text), rel=0.01)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("abort", "audio broke off: ResponseStreamingError"),
        ("reset", "audio broke off: ResponseStreamingError"),
        ("silent-end", "audio ended early: expected"),
    ],
)
async def test_audio_that_breaks_off_is_an_outage(emulated: EmulatedAws, fault: str, told: str) -> None:
    async with emulated.running():
        engine = PollySynthesizer()
        emulated.add(f"polly:{fault}")
        with pytest.raises(EngineUnavailable, match=told):
            await heard(engine)
        assert await heard(engine) > 1


@pytest.mark.parametrize("fault", ["throttle", "no-answer"])
async def test_what_passes_by_itself_is_tried_again(emulated: EmulatedAws, fault: str) -> None:
    async with emulated.running():
        emulated.add(f"polly:{fault}")
        assert await heard(PollySynthesizer()) > 1


async def test_a_session_hears_every_clip_whole_whatever_breaks_off(emulated: EmulatedAws) -> None:
    store = MemorySessionStore()
    await store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=0))
    offline = ScriptedSynthesizer()
    async with emulated.running(synthesizer=offline):
        harness = OperatorHarness(SynthesizeStage(PollySynthesizer()), "talk/es", store=store)
        await harness.start()
        emulated.add("polly:abort", "polly:reset", "polly:silent-end", "polly:throttle")
        for number in range(1, 4):
            made = Translation(
                session="talk",
                captured_at=0,
                number=number,
                language="es",
                text=TEXT,
                start=number * 4000,
                end=number * 4000,
            )
            await harness.send(made)
        async with asyncio.timeout(TIMEOUT):
            await harness.close(Closing.SHARD_END)
    chunks = [record for record in harness.emitted if isinstance(record, Speech)]
    assert {chunk.status for chunk in chunks} == {Status.OK}
    assert [chunk.number for chunk in chunks if chunk.last] == [1, 2, 3]
    for number in range(1, 4):
        newest = max(chunk.attempt for chunk in chunks if chunk.number == number)
        whole = [chunk for chunk in chunks if (chunk.number, chunk.attempt) == (number, newest)]
        assert whole[0].offset == 0
        assert sum(len(chunk.payload) for chunk in whole) == offline.samples(TEXT) * SAMPLE_BYTES
    assert len({chunk.attempt for chunk in chunks if chunk.number == 1}) > 1
