"""Recordings that come through pipes, live ones too."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from producers.sources import RecordingSource
from shared.errors import AudioFormatError
from tests.support.media import encoded, tone
from tests.unit.producers.decoded_audio import RATE, assert_is_tone, decoded, decoded_file, piped
from tests.unit.producers.test_wav import chunk, fmt, riff

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize("announced", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFDB])
def test_a_piped_wav_whose_length_nobody_knew_is_read_to_its_end(announced: int) -> None:
    pcm = np.rint(tone(RATE, 1) * 32767).astype("<i2").tobytes()
    with piped(riff(fmt(1, 1, RATE, 2), chunk(b"data", pcm, announced)) + b"\1") as pipe:
        source = RecordingSource(pipe, realtime=False)
        assert source.duration is None
        assert np.array_equal(decoded(source) * 32768, np.frombuffer(pcm, "<i2"))
        assert source.missing == 0
        assert source.duration == pytest.approx(1, abs=0.001)


def test_a_piped_wav_that_breaks_off_says_how_much_did_not_come() -> None:
    with piped(riff(fmt(1, 1, RATE, 2), chunk(b"data", bytes(32_000), 96_000))) as pipe:
        source = RecordingSource(pipe, realtime=False)
        assert source.duration == 3
        decoded(source)
        assert (source.duration, source.missing) == (1, 2)


def test_a_recording_whose_index_is_behind_its_audio_is_read_from_a_pipe(tmp_path: Path) -> None:
    path = encoded(tmp_path / "talk.m4a", "aac", tone(48_000, 8)[:, None], layout="mono")
    data = path.read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    with piped(data) as pipe:
        assert_is_tone(decoded_file(pipe), 8)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioFormatError, match="index is missing: it is cut short"):
        RecordingSource(path)


def test_the_first_fragment_of_a_pipe_is_not_taken_for_all(tmp_path: Path) -> None:
    path = encoded(
        tmp_path / "talk.mp4",
        "aac",
        tone(48_000, 2)[:, None],
        layout="mono",
        options={"movflags": "frag_every_frame+empty_moov"},
        begins=3.0,
        video=True,
    )
    with piped(path.read_bytes()) as pipe:
        source = RecordingSource(pipe, realtime=False)
        assert source.duration is None
        samples = decoded(source)
    assert np.abs(samples[: 3 * RATE - RATE // 10]).max() < 0.05
    assert_is_tone(samples[3 * RATE :], 2)


@pytest.mark.parametrize("name", ["live.wav", "live.mp3", "live.flac", "live.ts", "live.mp4"])
def test_a_live_pipe_is_heard_while_it_goes_on(tmp_path: Path, name: str) -> None:
    codec, how = {
        "live.wav": ("pcm_s16le", {}),
        "live.mp3": ("libmp3lame", {}),
        "live.flac": ("flac", {}),
        "live.ts": ("aac", {"container": "mpegts"}),
        "live.mp4": ("aac", {"options": {"movflags": "frag_keyframe+empty_moov+frag_every_frame"}}),
    }[name]
    data = encoded(tmp_path / name, codec, tone(48_000, 10)[:, None], layout="mono", **how).read_bytes()  # type: ignore[arg-type]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    enough = threading.Event()

    def write() -> None:
        with fifo.open("wb", buffering=0) as file:
            file.write(data[: len(data) // 2])
            # Only once the listener has heard something does the speaker go on.
            enough.wait()
            file.write(data[len(data) // 2 :])

    writer = threading.Thread(target=write)
    writer.start()

    async def main() -> int:
        samples = 0
        async for pcm in RecordingSource(fifo, realtime=False):
            samples += len(pcm) // 2
            if samples > 3 * RATE:
                enough.set()
        return samples

    try:
        assert asyncio.run(asyncio.wait_for(main(), 60)) / RATE == pytest.approx(10, abs=0.1)
    finally:
        enough.set()
        writer.join()


def test_a_reader_that_is_stopped_waits_for_no_silent_pipe(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with open(os.open(fifo, os.O_RDWR), "wb", buffering=0) as writer:
        writer.write(riff(fmt(1, 1, RATE, 2), chunk(b"data", bytes(RATE), 0xFFFFFFFF)))

        async def main() -> None:
            async with asyncio.timeout(60):
                async for _ in RecordingSource(fifo, realtime=False):
                    return

        asyncio.run(main())
