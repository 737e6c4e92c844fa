"""The audio of a stream, made into what an engine is fed with: mono PCM s16le at the engine's rate."""

from __future__ import annotations

from typing import Protocol

from emulators.transcribe.errors import BadRequest
from producers.sources.convert import Converter
from producers.sources.riff import Encoding, WavHeader
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
        header = WavHeader(Encoding.INT, channels=1, rate=rate, sample_bytes=SAMPLE_BYTES, start=0, length=0)
        self._converter = Converter(header, engine_rate) if rate != engine_rate else None
        self._rest = b""

    async def decode(self, data: bytes) -> bytes:
        data = self._rest + data
        whole = len(data) // SAMPLE_BYTES * SAMPLE_BYTES
        pcm, self._rest = data[:whole], data[whole:]
        return pcm if self._converter is None else self._converter.convert(pcm, last=False)

    async def finish(self) -> bytes:
        if self._rest:
            raise BadRequest("Could not decode the audio stream that you provided: half a sample at its end")
        return b"" if self._converter is None else self._converter.convert(b"", last=True)

    async def close(self) -> None:
        """Nothing waits here."""
