"""What a recording is heard to hold, from a file or through a pipe."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from producers.sources import RecordingSource, WavSource

RATE = 16000


def decoded(source: RecordingSource | WavSource) -> NDArray[np.float64]:
    """All of it, -1 to 1."""

    async def main() -> bytes:
        return b"".join([pcm async for pcm in source])

    return np.frombuffer(asyncio.run(main()), "<i2") / 32768


def decoded_file(path: str | Path) -> NDArray[np.float64]:
    return decoded(RecordingSource(path, realtime=False))


def assert_is_tone(samples: NDArray[np.float64], seconds: float, loudness: float = 0.354) -> None:
    assert abs(len(samples) / RATE - seconds) < 0.06
    middle = samples[RATE // 4 : -RATE // 4]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(loudness, rel=0.1)
    spectrum = np.abs(np.fft.rfft(middle))
    assert spectrum.argmax() * RATE / len(middle) == pytest.approx(440, abs=3)


@contextmanager
def piped(data: bytes) -> Iterator[Path]:
    """A FIFO that another thread writes the data to."""
    read_end, write_end = os.pipe()

    def write() -> None:
        with open(write_end, "wb") as file:
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield Path(f"/dev/fd/{read_end}")
    finally:
        os.close(read_end)
        writer.join()
