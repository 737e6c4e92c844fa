"""Speech marks of the emulator of Amazon Polly, asked for by an unmodified boto3 client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ResponseStreamingError

from tests.integration.emulators.emulator_client import EmulatorClient, emulated

pytestmark = pytest.mark.system

PLAIN = "Què és això? El Sr. Puig diu “adéu”. Són 3.5 €"
SSML = (
    '<speak><mark name="inici"/>¡Buenas &amp; <prosody rate="fast">ñandú</prosody> <break time="300ms"/>'
    'adiós<mark name="mitad"/> señor! <p>Otra <sub alias="Naciones Unidas">ONU</sub> frase</p><mark name="fin"/></speak>'
)


@pytest.fixture
async def polly(tmp_path: Path) -> AsyncIterator[EmulatorClient]:
    async with emulated("polly", tmp_path) as running:
        yield running


def asked(text: str, *kinds: str, **more: Any) -> dict[str, Any]:
    request = {"Text": text, "VoiceId": "Lucia", "Engine": "neural", "OutputFormat": "json"} | more
    return request | ({"SpeechMarkTypes": list(kinds)} if kinds else {})


async def marks(polly: EmulatorClient, text: str, *kinds: str, **more: Any) -> list[dict[str, Any]]:
    answer = await polly.call("synthesize_speech", **asked(text, *kinds, **more))
    assert answer["ContentType"] == "application/x-json-stream"
    data: bytes = await asyncio.to_thread(answer["AudioStream"].read)
    assert data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


async def length(polly: EmulatorClient, text: str, **more: Any) -> float:
    """Ms of the speech."""
    answer = await polly.call("synthesize_speech", **asked(text, OutputFormat="pcm", **more))
    data: bytes = await asyncio.to_thread(answer["AudioStream"].read)
    return len(data) / 32


def values(found: list[dict[str, Any]], kind: str) -> list[str]:
    return [mark["value"] for mark in found if mark["type"] == kind]


async def test_the_sentences_and_words_of_a_plain_text(polly: EmulatorClient) -> None:
    found = await marks(polly, PLAIN, "sentence", "word")
    assert values(found, "sentence") == ["Què és això?", "El Sr. Puig diu “adéu”.", "Són 3.5 €"]
    assert values(found, "word") == ["Què", "és", "això", "El", "Sr", "Puig", "diu", "adéu", "Són", "3.5"]
    assert [mark["type"] for mark in found[:2]] == ["sentence", "word"]


@pytest.mark.parametrize(("text", "more"), [(PLAIN, {}), (SSML, {"TextType": "ssml"})])
async def test_offsets_are_bytes_of_the_text_and_times_rise_within_the_speech(
    polly: EmulatorClient, text: str, more: dict[str, str]
) -> None:
    found = await marks(polly, text, "sentence", "word", **more)
    for mark in found:
        assert text.encode()[mark["start"] : mark["end"]].decode() == mark["value"]
    times = [mark["time"] for mark in found]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < await length(polly, text, **more)
    words = [mark["time"] for mark in found if mark["type"] == "word"]
    assert len(set(words)) == len(words) > 4


async def test_a_word_is_as_far_into_its_passage_as_its_letters(polly: EmulatorClient) -> None:
    text = "abcd efgh"
    assert [mark["time"] for mark in await marks(polly, text, "word")] == [0, await length(polly, text) // 2]


async def test_the_sentences_words_and_marks_of_a_document(polly: EmulatorClient) -> None:
    found = await marks(polly, SSML, "sentence", "ssml", "word", TextType="ssml")
    assert values(found, "word") == ["Buenas", "ñandú", "adiós", "señor", "Otra", "ONU", "frase"]
    first, second = values(found, "sentence")
    assert (first[:7], first[-6:]) == ("¡Buenas", "señor!")
    assert second == 'Otra <sub alias="Naciones Unidas">ONU</sub> frase'
    assert values(found, "ssml") == ["inici", "mitad", "fin"]
    for mark in found:
        if mark["type"] == "ssml":
            assert SSML.encode()[mark["start"] : mark["end"]].decode() == f'<mark name="{mark["value"]}"/>'
    order = [mark["value"] for mark in found if mark["type"] != "sentence"]
    assert order == ["inici", "Buenas", "ñandú", "adiós", "mitad", "señor", "Otra", "ONU", "frase", "fin"]
    assert [mark["time"] for mark in found] == sorted(mark["time"] for mark in found)
    assert found[-1]["time"] <= await length(polly, SSML, TextType="ssml")


async def test_a_mark_stands_before_or_behind_a_pause(polly: EmulatorClient) -> None:
    text = '<speak>Hola<break time="1s"/><mark name="a"/>tú</speak>'
    behind, word = (await marks(polly, text, "ssml", "word", TextType="ssml"))[1:]
    before = await marks(polly, '<speak>Hola<mark name="a"/><break time="1s"/>tú</speak>', "ssml", TextType="ssml")
    assert behind["time"] == word["time"] == before[0]["time"] + 1000


async def test_character_data_has_its_own_offsets(polly: EmulatorClient) -> None:
    text = "<speak><!-- ñ --><![CDATA[uno &amp; dos]]>\r\ntres &#233;l</speak>"
    found = await marks(polly, text, "word", TextType="ssml")
    assert [mark["value"] for mark in found] == ["uno", "amp", "dos", "tres", "&#233;l"]
    assert all(text.encode()[mark["start"] : mark["end"]].decode() == mark["value"] for mark in found)


async def test_only_the_types_that_were_asked_for_come(polly: EmulatorClient) -> None:
    assert {mark["type"] for mark in await marks(polly, SSML, "ssml", TextType="ssml")} == {"ssml"}
    assert await marks(polly, "<speak>Hola</speak>", "sentence", TextType="ssml") == [
        {"time": 0, "type": "sentence", "start": 7, "end": 11, "value": "Hola"}
    ]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked("Hola", "viseme", "word"), "MarksNotSupportedForFormatException"),
        (asked("Hola", "word", OutputFormat="mp3"), "MarksNotSupportedForFormatException"),
        (asked("Hola", "ssml"), "SsmlMarksNotSupportedForTextTypeException"),
        (asked("Hola"), "ValidationException"),
        (asked("<speak><mark/></speak>", "ssml", TextType="ssml"), "InvalidSsmlException"),
    ],
)
async def test_marks_that_cannot_be_made_are_refused_with_their_error(
    polly: EmulatorClient, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        await polly.call("synthesize_speech", **request_)
    assert caught.value.response["Error"]["Code"] == code


async def test_an_engine_that_fails_later_breaks_the_marks_off(polly: EmulatorClient) -> None:
    polly.synthesizer.breaks["fr"] = 1
    text = '<speak>Hola<break/><lang xml:lang="fr-FR">bonjour</lang></speak>'
    answer = await polly.call("synthesize_speech", **asked(text, "word", TextType="ssml"))
    with pytest.raises(ResponseStreamingError):
        await asyncio.to_thread(answer["AudioStream"].read)
