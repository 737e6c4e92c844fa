"""The formats of Polly's audio, encoded as it is made."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import av
import numpy as np
import soundfile

from emulators.resampler import Resampler
from shared.models import SAMPLE_BYTES


@dataclass(frozen=True, slots=True)
class Format:
    """An output format: its Content-Type, and the sample rates that may be asked for (Hz)."""

    content_type: str
    rates: tuple[int, ...]

    def default(self, *, neural: bool) -> int:
        """The rate where none is asked for."""
        usual = 24_000 if neural else 22_050
        return usual if usual in self.rates else self.rates[-1]


_RATES = (8000, 16_000, 22_050, 24_000, 44_100, 48_000)
#: By Polly's names; json has speech marks in it and no audio.
FORMATS: Mapping[str, Format] = {
    "pcm": Format("audio/pcm", (8000, 16_000)),
    "mp3": Format("audio/mpeg", _RATES),
    "ogg_opus": Format("audio/ogg", (48_000,)),
    "ogg_vorbis": Format("audio/ogg", _RATES),
    "json": Format("application/x-json-stream", _RATES),
}
#: Container, codec, and what has them write as they go and nothing that is only known at the end.
_CODECS = {
    "mp3": ("mp3", "libmp3lame", {"write_xing": "0", "id3v2_version": "0"}),
    "ogg_opus": ("ogg", "libopus", {"page_duration": "20000"}),
}


class Encoder(Protocol):
    """Takes mono PCM s16le and gives what can be sent of it by now."""

    def encode(self, pcm: bytes) -> bytes:
        """More audio; whole samples."""

    def finish(self) -> bytes:
        """What is left at the end."""


def encoder(name: str, source: int, rate: int) -> Encoder:
    """Encodes audio of `source` Hz as the format `name` at `rate` Hz."""
    if name == "pcm":
        return _Pcm(source, rate)
    return _Vorbis(source, rate) if name == "ogg_vorbis" else _Compressed(name, source, rate)


class _Pcm(Encoder):
    def __init__(self, source: int, rate: int) -> None:
        self._resampler = Resampler(source, rate)

    def encode(self, pcm: bytes) -> bytes:
        return self._resampler.resample(pcm)

    def finish(self) -> bytes:
        return self._resampler.resample(b"", last=True)


class _Compressed(Encoder):
    def __init__(self, name: str, source: int, rate: int) -> None:
        container, codec, options = _CODECS[name]
        self._pcm = _Pcm(source, rate)
        self._rate = rate
        self._sent = 0
        self._out = io.BytesIO()
        self._container = av.open(self._out, "w", format=container, options=options)
        self._stream = cast(av.AudioStream, self._container.add_stream(codec, rate=rate, layout="mono"))

    def encode(self, pcm: bytes) -> bytes:
        self._feed(self._pcm.encode(pcm))
        return _taken(self._out)

    def finish(self) -> bytes:
        self._feed(self._pcm.finish())
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return _taken(self._out)

    def _feed(self, pcm: bytes) -> None:
        if pcm:
            frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = self._rate
            frame.pts = self._sent
            self._sent += len(pcm) // SAMPLE_BYTES
            self._container.mux(self._stream.encode(frame))


class _Vorbis(Encoder):
    """A page, which is what can be sent, has about a second of speech. PyAV's own encoder is experimental."""

    def __init__(self, source: int, rate: int) -> None:
        self._pcm = _Pcm(source, rate)
        self._out = io.BytesIO()
        self._file = soundfile.SoundFile(self._out, "w", samplerate=rate, channels=1, format="OGG", subtype="VORBIS")

    def encode(self, pcm: bytes) -> bytes:
        self._file.write(np.frombuffer(self._pcm.encode(pcm), "<i2"))
        return _taken(self._out)

    def finish(self) -> bytes:
        self._file.write(np.frombuffer(self._pcm.finish(), "<i2"))
        self._file.close()
        return _taken(self._out)


def _taken(out: io.BytesIO) -> bytes:
    """What was written since; a muxer may go back into what it wrote, but not into what is sent."""
    made = out.getvalue()
    out.seek(0)
    out.truncate()
    return made
