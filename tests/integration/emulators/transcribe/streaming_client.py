"""Amazon's own streaming client of the emulator, and the script that the engine behind that follows."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from amazon_transcribe.auth import StaticCredentialResolver
from amazon_transcribe.client import TranscribeStreamingClient
from amazon_transcribe.endpoints import StaticEndpointResolver
from amazon_transcribe.model import Alternative, Result, StartStreamTranscriptionEventStream

from emulators.transcribe import TranscribeServer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.recogniser import Hypothesis
from shared.models import SAMPLE_BYTES, Word
from tests.support.waiting import TIMEOUT

RATE = 16000
SECRET = "open sesame"
DEMO = Path(__file__).parents[4] / "cli" / "demo"

WORDS = (
    Word("Good", 200, 500, confidence=0.9, speaker="spk_7"),
    Word("morning", 520, 1000, confidence=0.8, speaker="spk_7"),
    Word(".", 1000, 1000, speaker="spk_7"),
    Word("Welcome", 2003, 2501, confidence=0.7, speaker="spk_2"),
)
SCRIPT = Script.from_words(WORDS)
#: Long enough for the last final of the script.
SECONDS = 4

#: A result's finality, times (s) and items.
Said = tuple[bool, Any, Any, list[tuple[Any, Any, Any]]]


def engine(script: Script = SCRIPT, **options: Any) -> ScriptedEngine:
    return ScriptedEngine(script, rate=RATE, **options)


def silence(seconds: float = SECONDS, rate: int = RATE) -> bytes:
    return bytes(round(seconds * rate) * SAMPLE_BYTES)


def demo() -> tuple[Script, bytes]:
    """The recording and what Moonshine made of it."""
    with wave.open(str(DEMO / "recording.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        return Script.load(DEMO / "recording.moonshine.jsonl"), file.readframes(file.getnframes())


def encoded(pcm: bytes, container: str, codec: str, **options: str) -> bytes:
    """The audio as a file of this format."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, container_options=options) as made:
        stream = made.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            made.mux(packet)
    return file.getvalue()


def client(server: TranscribeServer, secret: str = SECRET) -> TranscribeStreamingClient:
    return TranscribeStreamingClient(
        region="eu-central-1",
        endpoint_resolver=StaticEndpointResolver(server.endpoint),  # type: ignore[no-untyped-call]
        credential_resolver=StaticCredentialResolver("AKIAEXAMPLE", secret),
    )


async def start(server: TranscribeServer, secret: str = SECRET, **asked: Any) -> StartStreamTranscriptionEventStream:
    options: dict[str, Any] = {"language_code": "en-US", "media_sample_rate_hz": RATE, "media_encoding": "pcm"}
    return await client(server, secret).start_stream_transcription(**options | asked)


async def send(stream: StartStreamTranscriptionEventStream, audio: bytes, size: int = 6400) -> None:
    for first in range(0, len(audio), size):
        await stream.input_stream.send_audio_event(audio_chunk=audio[first : first + size])


async def end(stream: StartStreamTranscriptionEventStream) -> None:
    """No more audio comes."""
    await stream.input_stream.end_stream()  # type: ignore[no-untyped-call]


async def results(stream: StartStreamTranscriptionEventStream, into: list[Result] | None = None) -> list[Result]:
    """Every result until the stream ends."""
    found = [] if into is None else into
    async with asyncio.timeout(TIMEOUT):
        async for event in stream.output_stream:
            found += event.transcript.results
    return found


async def transcribed(server: TranscribeServer, audio: bytes, secret: str = SECRET, **asked: Any) -> list[Result]:
    """Every result of the whole audio."""
    stream = await start(server, secret, **asked)
    await send(stream, audio)
    await end(stream)
    return await results(stream)


def best(result: Result) -> Alternative:
    """The one alternative of a result."""
    assert result.alternatives is not None
    [alternative] = result.alternatives
    return alternative


def said(found: Sequence[Result]) -> list[Said]:
    """Each result's finality, times and items."""
    return [
        (
            not result.is_partial,
            result.start_time,
            result.end_time,
            [(item.content, item.start_time, item.end_time) for item in best(result).items],
        )
        for result in found
    ]


def scripted(script: Script) -> list[Said]:
    """The same of the script's own results."""
    return [_scripted(result) for result in script.results]


def _scripted(result: Hypothesis) -> Said:
    items = [(word.text, word.start / 1000, word.end / 1000) for word in result.items]
    return result.final, result.start / 1000, result.end / 1000, items
