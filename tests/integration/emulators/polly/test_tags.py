"""The SSML that the emulator of Amazon Polly takes, by engine, as AWS's page "Supported SSML tags" has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.integration.emulators.emulator_client import EmulatorClient, emulated

pytestmark = pytest.mark.system

#: A voice that speaks with the engine.
VOICES = {"standard": "Joanna", "neural": "Joanna", "long-form": "Ruth", "generative": "Joanna"}
EVERY = set(VOICES)


@pytest.fixture
async def polly(tmp_path: Path) -> AsyncIterator[EmulatorClient]:
    async with emulated("polly", tmp_path) as running:
        yield running


async def takes(polly: EmulatorClient, element: str, voice: str, engine: str) -> bool:
    request = {"Text": f"<speak>{element}</speak>", "TextType": "ssml", "OutputFormat": "pcm"}
    try:
        answer = await polly.call("synthesize_speech", **request, VoiceId=voice, Engine=engine)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidSsmlException"
        return False
    return bool(await asyncio.to_thread(answer["AudioStream"].read))


@pytest.mark.parametrize(
    ("element", "engines"),
    [
        ('<prosody rate="85%">a</prosody>', EVERY),
        ('<prosody volume="x-loud">a</prosody>', EVERY),
        ('<prosody volume="-6dB" rate="fast">a</prosody>', EVERY),
        ('<prosody pitch="+10%">a</prosody>', {"standard"}),
        ('<prosody rate="fast" pitch="high">a</prosody>', {"standard"}),
        ('<prosody amazon:max-duration="2s">a</prosody>', {"standard"}),
        ("<emphasis>a</emphasis>", {"standard"}),
        ('<emphasis level="strong">a</emphasis>', {"standard"}),
        ('<amazon:effect name="drc">a</amazon:effect>', EVERY - {"generative"}),
        ('<amazon:effect name="whispered">a</amazon:effect>', {"standard"}),
        ('<amazon:effect phonation="soft">a</amazon:effect>', {"standard"}),
        ('<amazon:effect vocal-tract-length="+15%" phonation="soft">a</amazon:effect>', {"standard"}),
        ('<amazon:domain name="news">a</amazon:domain>', {"neural"}),
        ('<amazon:auto-breaths frequency="low">a</amazon:auto-breaths>', {"standard"}),
        ('<amazon:breath duration="long" volume="x-loud"/>a', {"standard"}),
        ('<say-as interpret-as="cardinal">1</say-as>', EVERY),
    ],
)
async def test_a_tag_is_taken_by_the_engines_that_have_it(
    polly: EmulatorClient, element: str, engines: set[str]
) -> None:
    assert {engine for engine, voice in VOICES.items() if await takes(polly, element, voice, engine)} == engines


async def test_few_voices_read_news(polly: EmulatorClient) -> None:
    news = '<amazon:domain name="news">a</amazon:domain>'
    found = {
        voice for voice in ("Amy", "Lucia", "Lupe", "Matthew", "Ruth") if await takes(polly, news, voice, "neural")
    }
    assert found == {"Amy", "Lupe", "Matthew"}


@pytest.mark.parametrize("engine", ["standard", "neural"])
@pytest.mark.parametrize(
    "element",
    [
        "<prosody>a</prosody>",
        '<prosody loudness="loud">a</prosody>',
        '<prosody volume="deafening">a</prosody>',
        '<prosody volume="6">a</prosody>',
        '<prosody rate="-10%">a</prosody>',
        '<prosody pitch="shrill">a</prosody>',
        '<emphasis level="great">a</emphasis>',
        "<amazon:effect>a</amazon:effect>",
        '<amazon:effect name="echo">a</amazon:effect>',
        '<amazon:effect phonation="hoarse">a</amazon:effect>',
        "<amazon:domain>a</amazon:domain>",
        '<amazon:domain name="sport">a</amazon:domain>',
        '<amazon:breath volume="silent"/>a',
    ],
)
async def test_what_no_voice_takes_is_refused(polly: EmulatorClient, element: str, engine: str) -> None:
    assert not await takes(polly, element, "Joanna", engine)
