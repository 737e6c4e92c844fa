"""Recordings in the formats that people have, written by FFmpeg's libraries."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray


def tone(rate: int, seconds: float) -> NDArray[np.float64]:
    """440 Hz at half of full scale."""
    return np.asarray(0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate))


def encoded(
    path: Path,
    codec: str,
    channels: NDArray[np.float64],
    *,
    rate: int = 48_000,
    layout: str = "stereo",
    container: str | None = None,
    options: dict[str, str] | None = None,
    begins: float = 0.0,
    bit_rate: int | None = None,
    video: bool = False,
) -> Path:
    """Writes `channels` (time, channel; -1 to 1), from `begins` s on; with a moving picture if `video`.

    `bit_rate` is in bits a second, by default the codec's own.
    """
    with av.open(path, "w", format=container, options=options or {}) as output:
        picture = _picture(output) if video else None
        sound = output.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(sound, av.AudioStream)
        if bit_rate is not None:
            sound.bit_rate = bit_rate
        if picture is not None:
            _play(output, picture, begins + len(channels) / rate)
        data = np.rint(channels * 32767).astype("<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(data, format="s16", layout=layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(begins * rate)
        output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
    return path


def silent_video(path: Path) -> Path:
    """A second of video without an audio track."""
    with av.open(path, "w") as output:
        _play(output, _picture(output), 1.0)
    return path


def _picture(output: OutputContainer) -> av.VideoStream:
    picture = output.add_stream("mpeg4", rate=10)
    picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
    return picture


def _play(output: OutputContainer, picture: av.VideoStream, seconds: float) -> None:
    for number in range(round(seconds * 10)):
        image = av.VideoFrame(64, 64, "yuv420p")
        image.pts, image.time_base = number, Fraction(1, 10)
        output.mux(picture.encode(image))
    output.mux(picture.encode(None))
