"""Amazon Translate's engine against the emulator, whatever befalls its requests."""

from __future__ import annotations

import asyncio

import pytest

from processors.contract import Closing
from processors.translate.cache import MemoryTranslationCache
from processors.translate.engines.apertium import ApertiumTranslator
from processors.translate.engines.aws import AwsTranslator
from processors.translate.stage import TranslateStage
from processors.translate.style import Style
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import Segment, Status, Translation
from shared.sessions import MemorySessionStore, Session
from tests.integration.processors.emulated_aws import EmulatedAws, emulated
from tests.support.operator_harness import OperatorHarness
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

__all__ = ["emulated"]

SENTENCES = ("Good evening, and welcome.", "The cats are big.", "He lives in the U.S.A.")


async def test_it_translates_as_the_engine_behind_does(emulated: EmulatedAws) -> None:
    offline = ApertiumTranslator()
    async with emulated.running(offline):
        engine = AwsTranslator()
        for text in SENTENCES:
            for language in ("es", "ca"):
                assert await engine.translate(text, "en", language) == await offline.translate(text, "en", language)
    await offline.close()


async def test_terminology_and_profanity_are_as_the_session_wants(emulated: EmulatedAws) -> None:
    async with emulated.running():
        client = emulated.client("translate")
        terms = {"File": b"en,es\nTown Hall,Ayuntamiento\n", "Format": "CSV"}
        await asyncio.to_thread(
            client.import_terminology, Name="places", MergeStrategy="OVERWRITE", TerminologyData=terms
        )
        client.close()
        engine = AwsTranslator()
        text = "Bullshit, where is the Town Hall?"
        assert await engine.translate(text, "en", "es") == "[es] Bullshit, where is the Town Hall?"
        style = Style("places", mask_profanity=True, formality="formal")
        assert await engine.translate(text, "en", "es", style) == "[es] ?$#@$, where is the Ayuntamiento?"
        lost = Style("nowhere", mask_profanity=True)
        assert await engine.translate(text, "en", "es", lost) == "[es] ?$#@$, where is the Town Hall?"


async def test_a_text_over_ten_thousand_bytes_is_translated_whole(emulated: EmulatedAws) -> None:
    async with emulated.running():
        text = "Él duerme mañana.  " * 1200
        made = await AwsTranslator().translate(text, "es", "en")
        assert made.replace("[en] ", "") == text
        assert made.count("[en] ") == 3


@pytest.mark.parametrize("fault", ["abort", "reset", "throttle"])
async def test_what_passes_by_itself_is_tried_again(emulated: EmulatedAws, fault: str) -> None:
    async with emulated.running():
        emulated.add(f"translate:{fault}")
        assert await AwsTranslator().translate("Good night.", "en", "es") == "[es] Good night."


async def test_an_empty_answer_is_an_outage_and_a_lasting_refusal_is_none(emulated: EmulatedAws) -> None:
    async with emulated.running():
        engine = AwsTranslator()
        emulated.add("translate:silent-end")
        with pytest.raises(EngineUnavailable, match="expected a TranslatedText"):
            await engine.translate("Good night.", "en", "es")
        with pytest.raises(UnsupportedLanguage, match="no way from en to ja"):
            await engine.translate("Good night.", "en", "ja")


async def test_a_session_loses_nothing_to_faults(emulated: EmulatedAws) -> None:
    store = MemorySessionStore()
    languages = ("es", "ca", "fr")
    await store.create(Session(id="talk", source_language="en", target_languages=languages, started_at=0))
    async with emulated.running():
        emulated.add("translate:throttle", "translate:silent-end", "translate:abort")
        harness = OperatorHarness(TranslateStage(AwsTranslator(), MemoryTranslationCache(100)), store=store)
        await harness.start()
        for number, text in enumerate(SENTENCES, 1):
            segment = Segment(
                session="talk", captured_at=0, number=number, language="en", text=text, start=number, end=number
            )
            await harness.send(segment)
        async with asyncio.timeout(TIMEOUT):
            await harness.close(Closing.SHARD_END)
    said = [
        (record.language, record.number, record.text) for record in harness.emitted if isinstance(record, Translation)
    ]
    for language in languages:
        own = [(number, text) for spoken, number, text in said if spoken == language]
        assert own == [(number, f"[{language}] {text}") for number, text in enumerate(SENTENCES, 1)]
    assert {record.status for record in harness.emitted if isinstance(record, Translation)} == {Status.OK}
