"""The unmodified client of AWS is served as the service serves it."""

from __future__ import annotations

from typing import Any

import pytest
from amazon_transcribe.exceptions import BadRequestException

from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.transcribe import TranscribeServer
from tests.integration.emulators.transcribe.streaming_client import (
    RATE,
    SCRIPT,
    SECRET,
    best,
    demo,
    encoded,
    end,
    engine,
    said,
    scripted,
    silence,
    start,
    transcribed,
)

pytestmark = pytest.mark.system

SESSION = "0ab8f2c4-1d2e-4f60-8a7b-123456789abc"


async def test_every_hypothesis_arrives_with_its_words_and_times(certificates: Certificates) -> None:
    script, pcm = demo()
    async with TranscribeServer(engine(script), certificates, Faults(), secret=SECRET) as server:
        found = await transcribed(server, pcm)
    assert said(found) == scripted(script)


async def test_a_result_keeps_its_id_until_it_is_final(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        found = await transcribed(server, silence())
    ids = [result.result_id for result in found]
    finals = [result.result_id for result in found if not result.is_partial]
    assert len(set(ids)) == len(finals) == 2
    assert ids == sorted(ids, key=finals.index)
    assert {result.channel_id for result in found} == {"ch_0"}


async def test_items_say_what_was_asked_for(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        plain = await transcribed(server, silence())
        marked = await transcribed(
            server,
            silence(),
            show_speaker_label=True,
            enable_partial_results_stabilization=True,
            partial_results_stability="high",
        )
    assert {(item.speaker, item.stable) for result in plain for item in best(result).items} == {(None, None)}
    first, last = [best(result) for result in marked if not result.is_partial]
    assert first.transcript == "Good morning."
    assert [(item.item_type, item.confidence, item.speaker, item.stable) for item in first.items] == [
        ("pronunciation", 0.9, "0", True),
        ("pronunciation", 0.8, "0", True),
        ("punctuation", None, "0", True),
    ]
    assert [item.speaker for item in last.items] == ["1"]
    stable = [[item.stable for item in best(result).items] for result in marked]
    assert stable == [[word.stable for word in result.items] for result in SCRIPT.results]


@pytest.mark.parametrize(
    ("method", "transcript", "items"),
    [
        ("mask", "Good ***.", [("Good", False), ("***", True), (".", False)]),
        ("remove", "Good.", [("Good", False), (".", False)]),
        ("tag", "Good morning.", [("Good", False), ("morning", True), (".", False)]),
    ],
)
async def test_a_vocabulary_filter_is_applied(
    certificates: Certificates, method: str, transcript: str, items: list[tuple[str, bool]]
) -> None:
    filters = {"early": ["Morning"]}
    async with TranscribeServer(engine(), certificates, Faults(), filters=filters) as server:
        found = await transcribed(server, silence(), vocab_filter_name="early", vocab_filter_method=method)
    first = next(best(result) for result in found if not result.is_partial)
    assert first.transcript == transcript
    assert first.items is not None
    assert [(item.content, item.vocabulary_filter_match) for item in first.items] == items


async def test_the_response_echoes_the_request(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        stream = await start(
            server,
            session_id=SESSION,
            vocabulary_name="names",
            vocab_filter_name="rude",
            vocab_filter_method="mask",
            show_speaker_label=True,
        )
        await end(stream)
    response = stream.response
    assert response.request_id
    assert (response.session_id, response.language_code, response.media_encoding) == (SESSION, "en-US", "pcm")
    assert (response.media_sample_rate_hz, response.vocabulary_name) == (RATE, "names")
    assert (response.vocab_filter_name, response.vocab_filter_method) == ("rude", "mask")
    assert response.show_speaker_label is True


async def test_a_session_id_is_made_up(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        streams = [await start(server), await start(server)]
        for stream in streams:
            await end(stream)
    assert len({stream.response.session_id for stream in streams}) == 2


async def test_the_language_is_the_first_option_that_the_engine_hears(certificates: Certificates) -> None:
    async with TranscribeServer(engine(languages=("de",)), certificates, Faults()) as server:
        found = await transcribed(
            server, silence(), language_code=None, identify_language=True, language_options=["en-US", "de-DE", "de-CH"]
        )
    assert {result.language_code for result in found} == {"de-DE"}


@pytest.mark.parametrize(
    ("encoding", "container", "codec", "options"),
    [("flac", "flac", "flac", {}), ("ogg-opus", "ogg", "libopus", {"page_duration": "20000"})],
)
async def test_compressed_audio_is_heard_as_the_audio_it_was(
    certificates: Certificates, encoding: str, container: str, codec: str, options: dict[str, str]
) -> None:
    script, pcm = demo()
    audio = encoded(pcm, container, codec, **options)
    assert len(audio) < len(pcm) * 0.8
    async with TranscribeServer(engine(script), certificates, Faults()) as server:
        found = await transcribed(server, audio, media_encoding=encoding)
    assert said(found) == scripted(script)


async def test_audio_of_another_rate_is_resampled(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        found = await transcribed(server, silence(rate=8000), media_sample_rate_hz=8000)
    assert said(found) == scripted(SCRIPT)


async def test_audio_that_is_not_what_was_announced_is_refused(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        with pytest.raises(BadRequestException, match="Could not decode the audio stream"):
            await transcribed(server, silence(), media_encoding="ogg-opus")


async def test_messages_signed_with_another_key_are_refused(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults(), secret=SECRET) as server:
        with pytest.raises(BadRequestException, match="signature"):
            await transcribed(server, silence(), secret="another")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"media_sample_rate_hz": 7999}, "sample-rate: expected 8000-48000, got 7999"),
        ({"media_encoding": "mp3"}, "media-encoding: expected one of flac, ogg-opus, pcm, got mp3"),
        ({"language_code": "xx-XX"}, "language-code: expected one of .*, got xx-XX"),
        ({"language_code": "fr-FR"}, "hears en, not fr-FR"),
        ({"language_code": None}, "exactly one of language-code, .* got none"),
        ({"identify_language": True}, "exactly one of language-code, .* got en-US, identify-language"),
        (
            {"language_code": None, "identify_language": True, "language_options": ["en-US"]},
            "two language codes or more, got en-US",
        ),
        ({"session_id": "monday"}, "expected a UUID, got monday"),
        ({"vocabulary_name": "a b"}, "vocabulary-name: expected .*, got a b"),
        ({"vocab_filter_method": "shout"}, "vocabulary-filter-method: expected one of mask, remove, tag, got shout"),
        ({"partial_results_stability": "high"}, "needs enable-partial-results-stabilization"),
        ({"show_speaker_label": "maybe"}, "show-speaker-label: expected true or false, got maybe"),
        ({"enable_channel_identification": True, "number_of_channels": 2}, "not supported by this emulator"),
    ],
)
async def test_a_bad_request_is_refused_as_modelled(
    certificates: Certificates, asked: dict[str, Any], message: str
) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        with pytest.raises(BadRequestException, match=message):
            await start(server, **asked)
