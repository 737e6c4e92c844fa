"""Amazon Polly through unmodified boto3, against a server that answers as its model says."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from processors.synthesize.engines.polly import PollySynthesizer
from shared.errors import EngineUnavailable, LowLatencyTranslateError, SettingError, SetupError, UnsupportedLanguage
from tests.support.aws_server import Answer, Asked, AwsServer, aws_server, refusal
from tests.support.waiting import TIMEOUT
from tests.unit.processors.synthesize.engines.fake_polly import PIECE, always, audio, heard, streaming, synthesizer

pytestmark = pytest.mark.system

__all__ = ["aws_server", "synthesizer"]


async def test_a_text_is_spoken_by_a_neural_voice_of_the_language(
    synthesizer: PollySynthesizer, aws_server: AwsServer
) -> None:
    assert await heard(synthesizer, "Tú & <yo>.\x07", "es", 1.154) == PIECE * 3
    assert aws_server.asked == [
        {
            "Engine": "neural",
            "LanguageCode": "es-ES",
            "OutputFormat": "pcm",
            "SampleRate": "16000",
            "Text": '<speak><prosody rate="115%">Tú &amp; &lt;yo&gt;. </prosody></speak>',
            "TextType": "ssml",
            "VoiceId": "Lucia",
        }
    ]
    assert {"es", "ca", "fr", "pt", "de", "zh"} <= synthesizer.languages()
    with pytest.raises(UnsupportedLanguage, match="got tlh"):
        await heard(synthesizer, "Qapla'", "tlh")


async def test_voices_are_overridable(aws_server: AwsServer) -> None:
    aws_server.answer = audio(1)
    synthesizer = PollySynthesizer("es=Lupe, fr = Lea,cy=Gwyneth")
    for language in ("es", "fr", "cy", "hi"):
        await heard(synthesizer, "A.", language)
    assert [(asked["VoiceId"], asked.get("LanguageCode")) for asked in aws_server.asked] == [
        ("Lupe", None),
        ("Lea", "fr-FR"),
        ("Gwyneth", None),
        ("Kajal", "hi-IN"),
    ]


@pytest.mark.parametrize("overrides", ["es", "es=", "=Lucia", "es=Lucai", "spanish=Lucia", "es=Lucia;ca=Arlet"])
def test_a_value_that_names_no_voice_is_refused(aws_environment_of_none: None, overrides: str) -> None:
    with pytest.raises(SettingError, match=f"POLLY_VOICES={overrides}: expected LANGUAGE=VOICE"):
        PollySynthesizer(overrides)


@pytest.fixture
def aws_environment_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


async def test_audio_is_heard_as_it_arrives(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    goes_on = asyncio.Event()

    async def script(response: web.StreamResponse) -> None:
        await response.write(PIECE)
        await goes_on.wait()
        await response.write(PIECE)

    aws_server.answer = streaming(script)
    speech = synthesizer.synthesize("Hola.", "es", 1.0)
    async with asyncio.timeout(TIMEOUT):
        assert await anext(speech) == PIECE
        goes_on.set()
        assert [piece async for piece in speech] == [PIECE]


async def test_plain_text_is_spoken_where_ssml_is_refused(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        if asked["TextType"] == "ssml" and asked["VoiceId"] == "Lucia":
            return refusal("InvalidSsmlException")
        return await audio(1)(request, asked)

    aws_server.answer = answer
    for language in ("es", "es", "fr"):
        assert await heard(synthesizer, "A & b.", language, 1.3) == PIECE
    assert [(asked["VoiceId"], asked["TextType"]) for asked in aws_server.asked] == [
        ("Lucia", "ssml"),
        ("Lucia", "text"),
        ("Lucia", "text"),
        ("Lea", "ssml"),
    ]
    assert aws_server.asked[1]["Text"] == "A & b."


async def test_a_masked_word_is_a_short_pause(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        return refusal("InvalidSsmlException") if asked["TextType"] == "ssml" else await audio(2)(request, asked)

    await heard(synthesizer, "Qué *** & ?$#@$ es.")
    aws_server.answer = answer
    await heard(synthesizer, "Qué *** & f**k es.")
    pause = '<break time="250ms"/>'
    assert [asked["Text"] for asked in aws_server.asked] == [
        f'<speak><prosody rate="100%">Qué {pause} &amp; {pause} es.</prosody></speak>',
        f'<speak><prosody rate="100%">Qué {pause} &amp; {pause} es.</prosody></speak>',
        "Qué , & , es.",
    ]


async def test_a_long_text_is_spoken_piece_by_piece(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    aws_server.answer = audio(800)
    text = "Buenas noches a todos & todas. " * 200
    assert len(await heard(synthesizer, text)) == 800 * len(PIECE) * 3
    sent = [asked["Text"].removeprefix('<speak><prosody rate="100%">') for asked in aws_server.asked]
    sent = [part.removesuffix("</prosody></speak>").replace("&amp;", "&") for part in sent]
    assert "".join(sent) == text
    assert all(len(part) <= 3000 and part.endswith(". ") for part in sent)


async def test_a_text_without_words_is_not_sent(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    assert await heard(synthesizer, " \n") == b""
    assert aws_server.asked == []


@pytest.mark.parametrize("times", [0, 2])
async def test_audio_that_is_too_short_for_its_text_was_cut_off(
    synthesizer: PollySynthesizer, aws_server: AwsServer, times: int
) -> None:
    aws_server.answer = audio(times)
    with pytest.raises(EngineUnavailable, match="ended early"):
        await heard(synthesizer, "Buenas noches a todos los que escuchan.")


async def test_marks_alone_may_be_silent(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    aws_server.answer = audio(0)
    assert await heard(synthesizer, "¿…?") == b""


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (always("EngineNotSupportedException", "secret"), UnsupportedLanguage, "Lucia refused .* EngineNotSupported"),
        (always("LanguageNotSupportedException"), UnsupportedLanguage, "LanguageNotSupported"),
        (always("TextLengthExceededException", "secret"), EngineUnavailable, "refused 7 characters: TextLength"),
        (always("InvalidSsmlException", "secret"), EngineUnavailable, "refused 7 characters: InvalidSsml"),
        (always("ServiceFailureException", status=500), EngineUnavailable, "ServiceFailureException"),
        (always("AccessDeniedException"), SetupError, "AccessDeniedException"),
    ],
)
async def test_refusals_are_sorted_and_quote_no_text(
    synthesizer: PollySynthesizer,
    aws_server: AwsServer,
    answer: Answer,
    error: type[LowLatencyTranslateError],
    told: str,
) -> None:
    aws_server.answer = answer
    with pytest.raises(error, match=told) as raised:
        await heard(synthesizer, "secret.")
    assert "secret" not in str(raised.value)
