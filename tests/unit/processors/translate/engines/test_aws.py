"""Amazon Translate through unmodified boto3, against a server that answers as its model says."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web

from processors.translate.cache import MemoryTranslationCache, cache_key
from processors.translate.caching_translator import CachingTranslator
from processors.translate.engines.aws import AwsTranslator
from processors.translate.style import PLAIN, Style
from shared.errors import EngineUnavailable, LowLatencyTranslateError, SetupError, UnsupportedLanguage
from shared.metrics import MemoryMetrics
from tests.support.aws_server import Answer, Asked, AwsServer, aws_server, refusal
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

__all__ = ["aws_server"]


async def shout(request: web.Request, asked: Asked) -> web.StreamResponse:
    """Answers with the text in capitals."""
    assert request.headers["X-Amz-Target"] == "AWSShineFrontendService_20170701.TranslateText"
    codes = {name: asked[name] for name in ("SourceLanguageCode", "TargetLanguageCode")}
    return web.json_response({"TranslatedText": asked["Text"].upper(), **codes})


def first(*refusals: web.Response) -> Answer:
    """Answers the first requests with these, and the rest as `shout` does."""
    left = list(refusals)

    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        return left.pop(0) if left else await shout(request, asked)

    return answer


def always(code: str, message: str = "", status: int = 400) -> Answer:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        return refusal(code, message, status)

    return answer


@pytest.fixture
def translator(aws_server: AwsServer) -> AwsTranslator:
    aws_server.answer = shout
    return AwsTranslator()


async def test_a_text_is_translated(translator: AwsTranslator, aws_server: AwsServer) -> None:
    assert await translator.translate("Good night.", "en", "es") == "GOOD NIGHT."
    assert aws_server.asked == [{"Text": "Good night.", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}]
    assert translator.billed


async def test_languages_go_by_iso_639_1(translator: AwsTranslator, aws_server: AwsServer) -> None:
    assert {"es", "ca", "zh", "pt", "no", "nb"} <= translator.targets("en")
    assert "en" not in translator.targets("en")
    assert "nb" not in translator.targets("no")
    assert translator.targets("tlh") == frozenset()
    await translator.translate("Hi.", "en", "nb")
    assert aws_server.asked[0]["TargetLanguageCode"] == "no"
    with pytest.raises(UnsupportedLanguage, match="got tlh"):
        await translator.translate("Hi.", "en", "tlh")


async def test_a_session_has_its_own_style(translator: AwsTranslator, aws_server: AwsServer) -> None:
    style = Style("medicine", mask_profanity=True, formality="formal")
    await translator.translate("Hi.", "en", "de", style)
    await translator.translate("Hi.", "en", "de", Style(formality="informal"))
    await translator.translate("Hi.", "en", "de", PLAIN)
    assert aws_server.asked[0]["TerminologyNames"] == ["medicine"]
    assert aws_server.asked[0]["Settings"] == {"Profanity": "MASK", "Formality": "FORMAL"}
    assert aws_server.asked[1]["Settings"] == {"Formality": "INFORMAL"}
    assert not {"TerminologyNames", "Settings"} & aws_server.asked[2].keys()


async def test_a_long_text_goes_in_pieces_and_keeps_its_blanks(
    translator: AwsTranslator, aws_server: AwsServer
) -> None:
    text = " " + "Ich möchte schlafen.  " * 700 + "\n"
    assert await translator.translate(text, "de", "en") == text.upper()
    sizes = [len(asked["Text"].encode()) for asked in aws_server.asked]
    assert len(sizes) == 2
    assert max(sizes) <= 10_000
    assert all(asked["Text"].startswith("Ich") and asked["Text"].endswith(".") for asked in aws_server.asked)


async def test_blanks_alone_are_not_sent(translator: AwsTranslator, aws_server: AwsServer) -> None:
    assert await translator.translate(" \n", "en", "es") == " \n"
    assert aws_server.asked == []


async def test_throttling_is_waited_out(translator: AwsTranslator, aws_server: AwsServer) -> None:
    aws_server.answer = first(refusal("ThrottlingException"), refusal("TooManyRequestsException"))
    assert await translator.translate("Hi.", "en", "es") == "HI."
    assert len(aws_server.asked) == 3


async def test_throttling_that_lasts_may_pass(translator: AwsTranslator, aws_server: AwsServer) -> None:
    aws_server.answer = always("TooManyRequestsException")
    with pytest.raises(EngineUnavailable, match="TooManyRequestsException"):
        await translator.translate("Hi.", "en", "es")
    assert len(aws_server.asked) == 3


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (always("UnsupportedLanguagePairException", "secret"), UnsupportedLanguage, "no way from en to es"),
        (always("DetectedLanguageLowConfidenceException", "secret"), EngineUnavailable, "LowConfidence"),
        (always("InvalidRequestException", "secret"), EngineUnavailable, "refused 7 bytes from en to es: Invalid"),
        (always("ValidationException", "Value 'secret.' at 'text'"), EngineUnavailable, "ValidationException"),
        (always("InternalServerException", status=500), EngineUnavailable, "InternalServerException"),
        (always("AccessDeniedException"), SetupError, "AccessDeniedException"),
    ],
)
async def test_refusals_are_sorted_and_quote_no_text(
    translator: AwsTranslator,
    aws_server: AwsServer,
    answer: Answer,
    error: type[LowLatencyTranslateError],
    told: str,
) -> None:
    aws_server.answer = answer
    with pytest.raises(error, match=told) as raised:
        await translator.translate("secret.", "en", "es")
    assert "secret" not in str(raised.value)


async def test_an_answer_without_a_translation_is_none(translator: AwsTranslator, aws_server: AwsServer) -> None:
    aws_server.answer = first(web.Response())
    with pytest.raises(EngineUnavailable, match="expected a TranslatedText, got none"):
        await translator.translate("Hi.", "en", "es")


async def test_a_terminology_that_is_not_there_is_done_without(
    translator: AwsTranslator, aws_server: AwsServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        if "TerminologyNames" in asked:
            return refusal("ResourceNotFoundException", "no such terminology")
        return await shout(request, asked)

    aws_server.answer = answer
    with caplog.at_level(logging.WARNING):
        made = [await translator.translate(text, "en", "es", Style("medicine")) for text in ("One.", "Two.")]
    assert made == ["ONE.", "TWO."]
    assert ["TerminologyNames" in asked for asked in aws_server.asked] == [True, False, False]
    assert [record.levelname for record in caplog.records if "medicine" in record.message] == ["WARNING"]


async def test_what_was_made_without_its_terminology_is_not_kept_as_if_it_had_it(
    translator: AwsTranslator, aws_server: AwsServer
) -> None:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        if "TerminologyNames" in asked:
            return refusal("ResourceNotFoundException", "no such terminology")
        return await shout(request, asked)

    aws_server.answer = answer
    cache = MemoryTranslationCache(10)
    style = Style("medicine", mask_profanity=True)
    assert translator.applied(style) == style
    cached = CachingTranslator(translator, cache, MemoryMetrics(), style)
    assert await cached.translate("One.", "en", "es") == "ONE."
    assert await cache.get(cache_key("One.", "en", "es", "aws", style)) is None
    assert await cache.get(cache_key("One.", "en", "es", "aws", Style(mask_profanity=True))) == "ONE."


async def test_languages_are_asked_for_at_once(translator: AwsTranslator, aws_server: AwsServer) -> None:
    waiting = 0
    all_there = asyncio.Event()

    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        nonlocal waiting
        waiting += 1
        if waiting == 3:
            all_there.set()
        await all_there.wait()
        return await shout(request, asked)

    aws_server.answer = answer
    async with asyncio.timeout(TIMEOUT):
        await asyncio.gather(*(translator.translate("Hi.", "en", language) for language in ("es", "ca", "fr")))
