"""The emulator of Amazon Polly, asked by an unmodified boto3 client."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import pytest
import soundfile
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError

from tests.integration.emulators.emulator_client import EmulatorClient, emulated

pytestmark = pytest.mark.system

#: Voices that AWS documents as neural, by language.
NEURAL = {
    "en-US": "Joanna",
    "es-ES": "Lucia",
    "ca-ES": "Arlet",
    "fr-FR": "Lea",
    "it-IT": "Bianca",
    "pt-BR": "Camila",
    "pt-PT": "Ines",
    "de-DE": "Vicki",
}
TEXT = "Buenas noches a todos."
#: Those of mp3 and Ogg Vorbis (Hz).
RATES = [8000, 16_000, 22_050, 24_000, 44_100, 48_000]


@pytest.fixture
async def polly(tmp_path: Path) -> AsyncIterator[EmulatorClient]:
    async with emulated("polly", tmp_path) as running:
        yield running


def asked(text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"Text": text, "VoiceId": "Lucia", "Engine": "neural", "OutputFormat": "pcm"} | more


async def heard(polly: EmulatorClient, **request: Any) -> bytes:
    answer = await polly.call("synthesize_speech", **request)
    data: bytes = await asyncio.to_thread(answer["AudioStream"].read)
    return data


def rate_of(data: bytes) -> int:
    """Hz, of what was encoded: a decoder of Opus has one rate, and its header names the encoder's."""
    _, found, header = data.partition(b"OpusHead")
    if found:
        return int.from_bytes(header[4:8], "little")
    with av.open(io.BytesIO(data), "r") as file:
        return file.streams.audio[0].rate


async def error(polly: EmulatorClient, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await polly.call("synthesize_speech", **request)
    code: str = caught.value.response["Error"]["Code"]
    return code


@pytest.mark.parametrize(("rate", "share"), [({}, 1.0), ({"SampleRate": "8000"}, 0.5)])
async def test_pcm_comes_at_the_rate_that_was_asked_for(
    polly: EmulatorClient, rate: dict[str, str], share: float
) -> None:
    answer = await polly.call("synthesize_speech", **asked(**rate))
    data = await asyncio.to_thread(answer["AudioStream"].read)
    assert (answer["ContentType"], answer["RequestCharacters"]) == ("audio/pcm", len(TEXT))
    assert len(data) == pytest.approx(polly.synthesizer.samples(TEXT) * 2 * share, abs=4)


@pytest.mark.parametrize(
    ("name", "kind", "container"),
    [("mp3", "audio/mpeg", "mp3"), ("ogg_opus", "audio/ogg", "ogg"), ("ogg_vorbis", "audio/ogg", "ogg")],
)
async def test_compressed_audio_is_as_long_as_the_speech(
    polly: EmulatorClient, name: str, kind: str, container: str
) -> None:
    answer = await polly.call("synthesize_speech", **asked(OutputFormat=name))
    assert answer["ContentType"] == kind
    data = await asyncio.to_thread(answer["AudioStream"].read)
    with av.open(io.BytesIO(data), "r") as file:
        assert file.format.name == container
        seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    assert seconds == pytest.approx(polly.synthesizer.samples(TEXT) / 16_000, abs=0.15)


async def test_the_tempo_of_prosody_and_the_length_of_a_break_are_heard(polly: EmulatorClient) -> None:
    quick = await heard(polly, **asked(f'<speak><prosody rate="125%">{TEXT}</prosody></speak>', TextType="ssml"))
    assert len(quick) == polly.synthesizer.samples(TEXT, 1.25) * 2
    paused = await heard(polly, **asked(f'<speak>{TEXT}<break time="500ms"/></speak>', TextType="ssml"))
    assert len(paused) == polly.synthesizer.samples(TEXT) * 2 + 16_000


async def test_only_what_is_spoken_is_billed(polly: EmulatorClient) -> None:
    text = '<speak>Uno &amp; <sub alias="dos">2</sub></speak>'
    answer = await polly.call("synthesize_speech", **asked(text, TextType="ssml"))
    answer["AudioStream"].close()
    assert answer["RequestCharacters"] == len("Uno & dos")


@pytest.mark.parametrize(
    "text",
    [
        "no document",
        "<speak>not closed",
        "<p>no speak</p>",
        "<speak><unknown/></speak>",
        '<speak><prosody pitch="high">a</prosody></speak>',
        '<speak><prosody rate="quick">a</prosody></speak>',
        "<speak><emphasis>a</emphasis></speak>",
        '<speak><break time="11s"/></speak>',
        '<speak><lang xml:lang="xx-XX">a</lang></speak>',
        '<!DOCTYPE speak [<!ENTITY a "aaaa">]><speak>&a;</speak>',
    ],
)
async def test_ssml_that_a_neural_voice_does_not_take_is_refused(polly: EmulatorClient, text: str) -> None:
    assert await error(polly, **asked(text, TextType="ssml")) == "InvalidSsmlException"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"Text": "a" * 3001}, "TextLengthExceededException"),
        ({"Text": f"<speak>{'<p></p>' * 860}a</speak>", "TextType": "ssml"}, "TextLengthExceededException"),
        ({"SampleRate": "22050"}, "InvalidSampleRateException"),
        ({"VoiceId": "Carmen"}, "EngineNotSupportedException"),
        ({"LanguageCode": "fr-FR"}, "LanguageNotSupportedException"),
        ({"VoiceId": "Vicki"}, "LanguageNotSupportedException"),
        ({"LexiconNames": ["mine"]}, "LexiconNotFoundException"),
        ({"SpeechMarkTypes": ["word"]}, "MarksNotSupportedForFormatException"),
        ({"VoiceId": "Nobody"}, "ValidationException"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_with_its_error(
    polly: EmulatorClient, request_: dict[str, Any], code: str
) -> None:
    assert await error(polly, **(asked() | request_)) == code


async def test_a_text_of_the_longest_length_is_spoken(polly: EmulatorClient) -> None:
    answer = await polly.call("synthesize_speech", **asked("a" * 3000))
    answer["AudioStream"].close()
    assert answer["RequestCharacters"] == 3000


async def test_the_first_audio_is_sent_before_the_last_is_made(polly: EmulatorClient) -> None:
    polly.synthesizer.delay["es"] = 0.02
    polly.synthesizer.breaks["es"] = 1
    answer = await polly.call("synthesize_speech", **asked())
    stream = answer["AudioStream"]
    assert await asyncio.to_thread(stream.read, 3200)
    # It has failed since: so what came had not waited for the whole.
    with pytest.raises(ResponseStreamingError):
        await asyncio.to_thread(stream.read)


async def test_an_engine_that_fails_before_the_first_audio_is_a_failure_of_the_service(polly: EmulatorClient) -> None:
    polly.synthesizer.failures["es"] = 1
    assert await error(polly, **asked()) == "ServiceFailureException"


async def test_the_voices_of_a_language_and_an_engine(polly: EmulatorClient) -> None:
    for language, voice in NEURAL.items():
        answer = await polly.call("describe_voices", Engine="neural", LanguageCode=language)
        assert voice in [found["Id"] for found in answer["Voices"]]
        assert {found["LanguageCode"] for found in answer["Voices"]} == {language}
        assert all("neural" in found["SupportedEngines"] for found in answer["Voices"])


async def test_additional_languages_are_shown_on_request(polly: EmulatorClient) -> None:
    own = await polly.call("describe_voices", LanguageCode="hi-IN")
    more = await polly.call("describe_voices", LanguageCode="hi-IN", IncludeAdditionalLanguageCodes=True)
    assert (own["Voices"], {voice["Id"] for voice in more["Voices"]}) == ([], {"Aditi", "Kajal"})


async def test_all_voices_come_in_pages_and_each_is_one_that_boto3_knows(polly: EmulatorClient) -> None:
    first = await polly.call("describe_voices")
    second = await polly.call("describe_voices", NextToken=first["NextToken"])
    found = [voice["Id"] for page in (first, second) for voice in page["Voices"]]
    assert "NextToken" not in second
    assert len(found) == len(set(found))
    known = polly.client.meta.service_model.shape_for("VoiceId").enum
    assert set(found) <= set(known)
    languages = polly.client.meta.service_model.shape_for("LanguageCode").enum
    assert {voice["LanguageCode"] for voice in first["Voices"] + second["Voices"]} <= set(languages)


async def test_a_token_that_was_never_given_out_is_refused(polly: EmulatorClient) -> None:
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        await polly.call("describe_voices", NextToken="mine")


async def test_throttled_once_and_then_answered(polly: EmulatorClient) -> None:
    polly.fail("polly:throttle")
    assert await error(polly, **asked()) == "ThrottlingException"
    assert await heard(polly, **asked())


@pytest.mark.parametrize("fault", ["abort", "reset"])
async def test_audio_breaks_off(polly: EmulatorClient, fault: str) -> None:
    polly.fail(f"polly:{fault}")
    with pytest.raises((ResponseStreamingError, ConnectionClosedError)):
        await heard(polly, **asked())
    assert await heard(polly, **asked())


async def test_a_silent_end_is_short_and_looks_like_a_success(polly: EmulatorClient) -> None:
    polly.fail("polly:silent-end")
    short, whole = await heard(polly, **asked()), await heard(polly, **asked())
    assert 0 < len(short) < len(whole)


async def test_no_answer(polly: EmulatorClient) -> None:
    polly.fail("polly:no-answer")
    with pytest.raises(ReadTimeoutError):
        await polly.call("synthesize_speech", **asked())


@pytest.mark.parametrize("rate", RATES)
async def test_vorbis_has_the_rate_that_was_asked_for(polly: EmulatorClient, rate: int) -> None:
    data = await heard(polly, **asked(OutputFormat="ogg_vorbis", SampleRate=str(rate)))
    with av.open(io.BytesIO(data), "r") as file:
        assert file.streams.audio[0].codec.name == "vorbis"
    samples, found = soundfile.read(io.BytesIO(data))
    assert found == rate
    assert len(samples) / rate == pytest.approx(polly.synthesizer.samples(TEXT) / 16_000, abs=0.001)


@pytest.mark.parametrize(("name", "rate"), [*(("mp3", rate) for rate in RATES), ("ogg_opus", 48_000)])
async def test_mp3_and_opus_have_the_rate_that_was_asked_for(polly: EmulatorClient, name: str, rate: int) -> None:
    data = await heard(polly, **asked(OutputFormat=name, SampleRate=str(rate)))
    assert rate_of(data) == rate
    with av.open(io.BytesIO(data), "r") as file:
        seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    # A whole number of frames, and what the encoder needs before the first.
    assert 0 <= seconds - polly.synthesizer.samples(TEXT) / 16_000 < 3500 / rate


@pytest.mark.parametrize(
    ("name", "engine", "rate"),
    [
        ("mp3", "standard", 22_050),
        ("mp3", "neural", 24_000),
        ("ogg_vorbis", "standard", 22_050),
        ("ogg_vorbis", "neural", 24_000),
        ("ogg_opus", "standard", 48_000),
        ("ogg_opus", "neural", 48_000),
    ],
)
async def test_where_no_rate_is_asked_for_it_is_that_of_the_engine(
    polly: EmulatorClient, name: str, engine: str, rate: int
) -> None:
    assert rate_of(await heard(polly, **asked(OutputFormat=name, Engine=engine))) == rate


@pytest.mark.parametrize(
    ("name", "rate"),
    [("ogg_vorbis", 11_025), ("mp3", 12_000), ("ogg_opus", 24_000), ("ogg_opus", 8000), ("pcm", 24_000), ("pcm", 0)],
)
async def test_a_rate_that_polly_has_not_for_the_format_is_refused(polly: EmulatorClient, name: str, rate: int) -> None:
    assert await error(polly, **asked(OutputFormat=name, SampleRate=str(rate))) == "InvalidSampleRateException"
