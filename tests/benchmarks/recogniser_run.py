"""Plays a recording to a recogniser at a given pace and keeps what it says."""

from __future__ import annotations

import asyncio
import time
import wave
from pathlib import Path
from typing import NamedTuple

from processors.transcribe.recogniser import Hypothesis, RecogniserEngine
from shared.sessions import Session

#: Seconds of audio fed at once.
FRAME = 0.1


class TimedHypothesis(NamedTuple):
    """A hypothesis, and how long (s) after the first sample was fed it came."""

    after: float
    hypothesis: Hypothesis


def read_wav(path: Path, rate: int) -> bytes:
    """The PCM of a mono 16-bit WAV of `rate` Hz; raises ValueError for another."""
    with wave.open(str(path), "rb") as recording:
        shape = (recording.getnchannels(), recording.getsampwidth(), recording.getframerate())
        if shape != (1, 2, rate):
            raise ValueError(f"{path}: expected 1 channel of 16 bits at {rate} Hz, got {shape}")
        return recording.readframes(recording.getnframes())


async def recognise(engine: RecogniserEngine, pcm: bytes, *, pace: float | None = 1.0) -> list[TimedHypothesis]:
    """All that the engine says of `pcm`, fed at `pace` times real time; None for as fast as it takes it."""
    session = Session(id="benchmark", source_language="en", target_languages=(), started_at=0)
    take = await engine.open(session, 0)
    began = time.monotonic()
    size = int(FRAME * engine.rate) * 2

    async def feed() -> None:
        for number, offset in enumerate(range(0, len(pcm), size), 1):
            if pace is not None:
                await asyncio.sleep(began + number * FRAME / pace - time.monotonic())
            await take.feed(pcm[offset : offset + size])
        await take.finish()

    feeding = asyncio.create_task(feed())
    heard = [TimedHypothesis(time.monotonic() - began, hypothesis) async for hypothesis in take]
    await feeding
    await take.close()
    return heard
