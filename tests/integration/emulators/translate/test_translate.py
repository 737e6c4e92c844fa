"""The emulator of Amazon Translate, asked by an unmodified boto3 client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from emulators.translate import TranslateService
from processors.translate.engines.scripted import ScriptedTranslator
from tests.integration.emulators.emulator_client import EmulatorClient, emulated

pytestmark = pytest.mark.system

TERMS = b"en,es,fr\nKinesis,Kinesis,Kinesis\ndata stream,flujo de datos,flux\nstream,corriente,courant\n"


@pytest.fixture
async def translate(tmp_path: Path) -> AsyncIterator[EmulatorClient]:
    async with emulated("translate", tmp_path) as running:
        yield running


async def translated(
    translate: EmulatorClient, text: str = "Good night.", target: str = "es", **more: Any
) -> dict[str, Any]:
    return await translate.call(
        "translate_text", **({"Text": text, "SourceLanguageCode": "en", "TargetLanguageCode": target} | more)
    )


async def error(translate: EmulatorClient, operation: str, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        await translate.call(operation, **request)
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def modelled(translate: EmulatorClient, operation: str) -> list[tuple[str, int]]:
    """The errors that AWS models for an operation, and their statuses."""
    shapes = translate.client.meta.service_model.operation_model(operation).error_shapes
    return [(shape.name, shape.metadata["error"]["httpStatusCode"]) for shape in shapes]


async def imported(translate: EmulatorClient, name: str = "cloud", data: bytes = TERMS) -> dict[str, Any]:
    return await translate.call(
        "import_terminology", Name=name, MergeStrategy="OVERWRITE", TerminologyData={"File": data, "Format": "CSV"}
    )


async def test_a_text_is_translated_by_the_engine_behind(translate: EmulatorClient) -> None:
    answer = await translated(translate)
    assert answer["TranslatedText"] == "[es] Good night."
    assert (answer["SourceLanguageCode"], answer["TargetLanguageCode"]) == ("en", "es")
    assert "AppliedSettings" not in answer
    assert "AppliedTerminologies" not in answer


async def test_regions_are_taken_and_the_language_is_translated(translate: EmulatorClient) -> None:
    answer = await translated(translate, target="pt-PT")
    assert (answer["TranslatedText"], answer["TargetLanguageCode"]) == ("[pt] Good night.", "pt-PT")


@pytest.mark.parametrize(
    ("text", "language"), [("The night is good and this is it", "en"), ("la noche es muy larga, pero está bien", "es")]
)
async def test_auto_is_answered_with_the_language_that_was_found(
    translate: EmulatorClient, text: str, language: str
) -> None:
    answer = await translated(translate, text, "fr", SourceLanguageCode="auto")
    assert answer["SourceLanguageCode"] == language
    assert translate.translator.requests[-1] == (text, language, "fr")


async def test_auto_without_a_frequent_word_is_not_guessed(translate: EmulatorClient) -> None:
    request = {"Text": "Xyzzy", "SourceLanguageCode": "auto", "TargetLanguageCode": "es"}
    assert await error(translate, "translate_text", **request) == ("DetectedLanguageLowConfidenceException", 400)


@pytest.mark.parametrize("target", ["xx", "de"])
async def test_a_pair_that_translate_or_the_engine_does_not_have_is_refused(
    translate: EmulatorClient, target: str
) -> None:
    request = {"Text": "Good night.", "SourceLanguageCode": "en", "TargetLanguageCode": target}
    assert await error(translate, "translate_text", **request) == ("UnsupportedLanguagePairException", 400)


async def test_the_limit_of_a_text_is_in_bytes(translate: EmulatorClient) -> None:
    assert (await translated(translate, "é" * 5000))["TranslatedText"]
    request = {"Text": "é" * 5001, "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    assert await error(translate, "translate_text", **request) == ("TextSizeLimitExceededException", 400)


async def test_profanity_is_masked_on_request(translate: EmulatorClient) -> None:
    translate.translator.translations["What a mess.", "es"] = "Qué Mierda de lío."
    assert (await translated(translate, "What a mess."))["TranslatedText"] == "Qué Mierda de lío."
    answer = await translated(translate, "What a mess.", Settings={"Profanity": "MASK"})
    assert answer["TranslatedText"] == "Qué ?$#@$ de lío."
    assert answer["AppliedSettings"] == {"Profanity": "MASK"}


@pytest.mark.parametrize(("target", "applied"), [("es", {"Formality": "FORMAL"}), ("ca", None)])
async def test_formality_is_applied_where_the_language_has_it(
    translate: EmulatorClient, target: str, applied: dict[str, str] | None
) -> None:
    answer = await translated(translate, target=target, Settings={"Formality": "FORMAL"})
    assert answer.get("AppliedSettings") == applied


@pytest.mark.parametrize(
    ("settings", "said"), [({"Formality": "RUDE"}, "FORMAL, INFORMAL"), ({"Profanity": 1}, "expected string")]
)
async def test_what_the_model_forbids_is_refused(
    translate: EmulatorClient, settings: dict[str, Any], said: str
) -> None:
    service = TranslateService(ScriptedTranslator())
    request = {"Text": "a", "SourceLanguageCode": "en", "TargetLanguageCode": "es", "Settings": settings}
    with pytest.raises(Exception, match=said) as caught:
        await service.answer("TranslateText", request)
    assert getattr(caught.value, "code", None) == "InvalidRequestException"


@pytest.mark.parametrize("request_", [{"Text": ""}, {"Text": None}, {}, [], None])
async def test_a_request_without_text_is_invalid(request_: Any) -> None:
    if isinstance(request_, dict):
        request_ |= {"SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    with pytest.raises(Exception, match="validation") as caught:
        await TranslateService(ScriptedTranslator()).answer("TranslateText", request_)
    assert getattr(caught.value, "code", None) == "InvalidRequestException"


async def test_terms_are_translated_as_the_terminology_says(translate: EmulatorClient) -> None:
    await imported(translate)
    text = "A data stream of Kinesis is a stream, no Stream, no streams."
    answer = await translated(translate, text, TerminologyNames=["cloud"])
    assert answer["TranslatedText"] == "[es] A flujo de datos of Kinesis is a corriente, no Stream, no streams."
    (applied,) = answer["AppliedTerminologies"]
    assert applied["Name"] == "cloud"
    assert {term["SourceText"]: term["TargetText"] for term in applied["Terms"]} == {
        "data stream": "flujo de datos",
        "Kinesis": "Kinesis",
        "stream": "corriente",
    }


async def test_terms_hold_even_where_the_engine_keeps_no_unknown_word(translate: EmulatorClient) -> None:
    await imported(translate)

    class Shouting(ScriptedTranslator):
        async def translate(self, text: str, source: str, target: str, *_: Any) -> str:
            return text.upper()

    service = TranslateService(Shouting())
    data = {"Name": "cloud", "MergeStrategy": "OVERWRITE"}
    file = {"File": "ZW4sZXMKc3RyZWFtLGNvcnJpZW50ZQo=", "Format": "CSV"}
    await service.answer("ImportTerminology", data | {"TerminologyData": file})
    asked = {"Text": "a stream flows", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    answer = await service.answer("TranslateText", asked | {"TerminologyNames": ["cloud"]})
    assert answer["TranslatedText"] == "A corriente FLOWS"


async def test_a_terminology_without_a_term_in_the_text_is_not_applied(translate: EmulatorClient) -> None:
    await imported(translate)
    for answer in (
        await translated(translate, TerminologyNames=["cloud"]),
        await translated(translate, "a stream", "ca", TerminologyNames=["cloud"]),
    ):
        assert "AppliedTerminologies" not in answer


async def test_more_than_one_terminology_is_refused(translate: EmulatorClient) -> None:
    for name in ("cloud", "other"):
        await imported(translate, name)
    request = {"Text": "a stream", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    refused = await error(translate, "translate_text", **request, TerminologyNames=["cloud", "other"])
    assert refused == ("InvalidRequestException", 400)
    assert refused in modelled(translate, "TranslateText")


async def test_terminologies_are_kept_shown_listed_and_deleted(translate: EmulatorClient) -> None:
    made = (await imported(translate))["TerminologyProperties"]
    shown = (await translate.call("get_terminology", Name="cloud"))["TerminologyProperties"]
    assert made == shown
    assert (shown["SourceLanguageCode"], shown["TargetLanguageCodes"]) == ("en", ["es", "fr"])
    assert (shown["TermCount"], shown["SizeBytes"], shown["Directionality"]) == (3, len(TERMS), "UNI")
    await imported(translate, "other")
    first = await translate.call("list_terminologies", MaxResults=1)
    second = await translate.call("list_terminologies", MaxResults=1, NextToken=first["NextToken"])
    names = [page["TerminologyPropertiesList"][0]["Name"] for page in (first, second)]
    assert (names, "NextToken" in second) == (["cloud", "other"], False)
    await translate.call("delete_terminology", Name="cloud")
    unknown = ("ResourceNotFoundException", 404)
    assert await error(translate, "get_terminology", Name="cloud") == unknown
    assert await error(translate, "delete_terminology", Name="cloud") == unknown
    request = {"Text": "a", "SourceLanguageCode": "en", "TargetLanguageCode": "es", "TerminologyNames": ["cloud"]}
    assert await error(translate, "translate_text", **request) == unknown


@pytest.mark.parametrize("data", [b"", b"en\nword\n", b"en,es\nword\n", b"\xff\xfe", b"first,second\na,b\n"])
async def test_a_file_that_is_no_terminology_is_refused(translate: EmulatorClient, data: bytes) -> None:
    request = {"Name": "bad", "MergeStrategy": "OVERWRITE", "TerminologyData": {"File": data, "Format": "CSV"}}
    assert await error(translate, "import_terminology", **request) == ("InvalidParameterValueException", 400)


async def test_throttled_once_with_the_modelled_error_and_then_answered(translate: EmulatorClient) -> None:
    translate.fail("translate:throttle")
    request = {"Text": "Good night.", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    refused = await error(translate, "translate_text", **request)
    assert refused == ("TooManyRequestsException", 429)
    assert refused in modelled(translate, "TranslateText")
    assert (await translated(translate))["TranslatedText"] == "[es] Good night."


async def test_an_engine_that_fails_is_a_service_that_is_unavailable(translate: EmulatorClient) -> None:
    translate.translator.failures["es"] = 1
    request = {"Text": "Good night.", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    assert await error(translate, "translate_text", **request) == ("ServiceUnavailableException", 503)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [("abort", ConnectionClosedError), ("reset", ConnectionClosedError), ("no-answer", ReadTimeoutError)],
)
async def test_a_connection_that_breaks_or_is_silent(
    translate: EmulatorClient, fault: str, seen: type[Exception]
) -> None:
    translate.fail(f"translate:{fault}")
    with pytest.raises(seen):
        await translated(translate)
    assert (await translated(translate))["TranslatedText"] == "[es] Good night."


async def test_a_silent_end_is_an_empty_success(translate: EmulatorClient) -> None:
    translate.fail("translate:silent-end")
    answer = await translated(translate)
    assert "TranslatedText" not in answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
