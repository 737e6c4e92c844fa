"""The audio of a stream, made into what an engine is fed with: mono PCM s16le at the engine's rate."""

from __future__ import annotations

from typing import Protocol

from emulators.resampler import Resampler
from emulators.transcribe.errors import BadRequest
from shared.models import SAMPLE_BYTES


class Audio(Protocol):
    """Decodes as the audio comes."""

    async def decode(self, data: bytes) -> bytes:
        """The PCM that `data` brings; raises BadRequest where it cannot be decoded."""

    async def finish(self) -> bytes:
        """The PCM that was held back; raises BadRequest where the audio stops short."""

    async def close(self) -> None:
        """Gives up what is not decoded."""


class PcmAudio(Audio):
    """PCM at `rate` (Hz), for an engine of `engine_rate`. A sample may be split between two events."""

    def __init__(self, rate: int, engine_rate: int) -> None:
        self._resampler = Resampler(rate, engine_rate)
        self._rest = b""

    async def decode(self, data: bytes) -> bytes:
        data = self._rest + data
        whole = len(data) // SAMPLE_BYTES * SAMPLE_BYTES
        pcm, self._rest = data[:whole], data[whole:]
        return self._resampler.resample(pcm)

    async def finish(self) -> bytes:
        if self._rest:
            raise BadRequest("Could not decode the audio stream that you provided: half a sample at its end")
        return self._resampler.resample(b"", last=True)

    async def close(self) -> None:
        """Nothing waits here."""
