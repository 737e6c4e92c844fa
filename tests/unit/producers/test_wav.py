"""WAV files of every kind as mono PCM, and files that are none."""

from __future__ import annotations

import asyncio
import math
import struct
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest

from producers import AudioProducer
from producers.sources import WavSource
from shared.errors import AudioFormatError, DependencyMissing
from shared.sessions import MemorySessionStore, Session
from tests.support.virtual_time import EPOCH, VirtualClock, run
from tests.unit.producers.flaky_stream import FlakyStream

pytestmark = pytest.mark.hermetic

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if length is None else length) + body + bytes(len(body) % 2)


def fmt(tag: int, channels: int, rate: int, size: int, *, extensible: bool = False) -> bytes:
    body = struct.pack(
        "<HHIIHH",
        _EXTENSIBLE if extensible else tag,
        channels,
        rate,
        rate * channels * size,
        channels * size,
        size * 8,
    )
    if extensible:
        guid_tail = bytes.fromhex("000000001000800000aa00389b71")
        body += struct.pack("<HHIH", 22, size * 8, 0, tag) + guid_tail
    return chunk(b"fmt ", body)


def riff(*chunks: bytes) -> bytes:
    return chunk(b"RIFF", b"WAVE" + b"".join(chunks))


def tone(rate: int, seconds: float = 0.5) -> list[float]:
    """A 440 Hz tone at half of full scale."""
    return [0.5 * math.sin(2 * math.pi * 440 * n / rate) for n in range(int(rate * seconds))]


def written(samples: list[float], tag: int, size: int) -> bytes:
    if tag == _FLOAT:
        return array("f" if size == 4 else "d", samples).tobytes()
    scale = (1 << size * 8 - 1) - 1
    if size == 1:
        return bytes(round(s * scale) + 128 for s in samples)
    return b"".join(round(s * scale).to_bytes(size, "little", signed=True) for s in samples)


def read(source: WavSource) -> bytes:
    async def main() -> bytes:
        return b"".join([pcm async for pcm in source])

    return run(main())


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("tag", "size"), [(_PCM, 1), (_PCM, 2), (_PCM, 3), (_PCM, 4), (_FLOAT, 4), (_FLOAT, 8)])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_any_format_becomes_the_same_mono_tone(
    tmp_path: Path, tag: int, size: int, channels: int, rate: int, extensible: bool
) -> None:
    samples = [s for s in tone(rate) for _ in range(channels)]
    path = tmp_path / "tone.wav"
    path.write_bytes(
        riff(
            chunk(b"LIST", b"odd"),
            fmt(tag, channels, rate, size, extensible=extensible),
            chunk(b"data", written(samples, tag, size)),
            chunk(b"id3 ", b"behind the samples"),
        )
    )
    source = WavSource(path, realtime=False)
    assert source.duration == pytest.approx(0.5, abs=0.001)
    pcm = np.frombuffer(read(source), "<i2").astype(np.float64) / 32768
    assert abs(len(pcm) - 8000) <= 2
    expected = np.array(tone(16000))[: len(pcm)]
    # The first and last moments are the resampler's own.
    error = (pcm[: len(expected)] - expected)[400:-400]
    assert np.abs(error).max() < (0.01 if size == 1 else 0.002)


def test_16_bit_mono_at_the_wanted_rate_is_passed_on_as_it_is_without_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setitem(sys.modules, "soxr", None)
    pcm = written(tone(16000), _PCM, 2)
    path = tmp_path / "plain.wav"
    path.write_bytes(riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", pcm)))
    source = WavSource(path, realtime=False)
    assert read(source) == pcm
    assert read(source) == pcm

    path.write_bytes(riff(fmt(_PCM, 2, 16000, 2), chunk(b"data", pcm)))
    with pytest.raises(DependencyMissing, match=r"-m pip install .*'soxr>="):
        WavSource(path)


def test_another_rate_needs_soxr_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    path = tmp_path / "slow.wav"
    path.write_bytes(riff(fmt(_PCM, 1, 8000, 2), chunk(b"data", bytes(1600))))
    with pytest.raises(DependencyMissing, match=r"soxr .* at 8000 Hz to mono at 16000 Hz: .* -m pip install"):
        WavSource(path)


def test_channels_are_averaged_and_loud_samples_clipped(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    values = [0.5, -0.25, 3.0, 2.0, -3.0, -2.0, math.nan, 0.5]
    path.write_bytes(riff(fmt(_FLOAT, 2, 16000, 4), chunk(b"data", written(values, _FLOAT, 4))))
    assert array("h", read(WavSource(path, realtime=False))).tolist() == [4096, 32767, -32768, 8192]


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF, 10**6])
def test_a_streamed_file_and_one_cut_short_are_read_to_their_end(tmp_path: Path, length: int) -> None:
    pcm = written(tone(16000), _PCM, 2)
    path = tmp_path / "streamed.wav"
    # The odd byte at the end is half a sample.
    path.write_bytes(riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", pcm, length)) + b"\1")
    source = WavSource(path, realtime=False)
    assert source.duration == 0.5
    assert read(source) == pcm


@pytest.mark.parametrize(
    ("announced", "missing"),
    [(16000, 0), (48000, 1.0), (0, 0), (0xFFFFFFFF, 0), (0x7FFFFFFF, 0), (0x7FFFF000, 0), (0xFFFFFFDB, 0)],
)
def test_a_file_cut_short_says_how_much_is_missing_and_a_streamed_one_does_not(
    tmp_path: Path, announced: int, missing: float
) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", written(tone(16000), _PCM, 2), announced)))
    assert WavSource(path).missing == missing


def test_a_file_beyond_4_gib_tells_its_length_elsewhere(tmp_path: Path) -> None:
    pcm = written(tone(16000), _PCM, 2)
    path = tmp_path / "large.wav"
    body = chunk(b"ds64", struct.pack("<QQQI", 0, len(pcm), len(pcm) // 2, 0)) + fmt(_PCM, 1, 16000, 2)
    path.write_bytes(
        b"RF64" + b"\xff" * 4 + b"WAVE" + body + chunk(b"data", pcm, 0xFFFFFFFF) + chunk(b"LIST", b"behind")
    )
    assert read(WavSource(path, realtime=False)) == pcm


GOOD = riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", bytes(100)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected a WAV file"),
        (b"ID3\x04 this is an mp3", "expected a WAV file, got one that begins with b'ID3"),
        (GOOD[:11], "expected a WAV file"),
        (GOOD[:18], "expected a data chunk, got none"),
        (GOOD[:30], "expected a data chunk, got none"),
        (GOOD[:44], "got no samples"),
        (GOOD[:45], "got no samples"),
        (riff(chunk(b"data", bytes(100))), "expected a fmt chunk"),
        (riff(chunk(b"fmt ", b"short"), chunk(b"data", bytes(100))), "expected a fmt chunk of 16 bytes or more, got 5"),
        (riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", b"")), "got no samples"),
        (riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", b""), chunk(b"LIST", b"name")), "got no samples"),
        (riff(fmt(_PCM, 1, 16000, 2), chunk(b"LIST", b"name")), "expected a data chunk, got none"),
        (riff(fmt(7, 1, 8000, 1), chunk(b"data", bytes(100))), "got mu-law"),
        (riff(fmt(6, 1, 8000, 1, extensible=True), chunk(b"data", bytes(100))), "got A-law"),
        (riff(fmt(0x1234, 1, 8000, 1), chunk(b"data", bytes(100))), "got format 0x1234"),
        (riff(fmt(_PCM, 0, 16000, 2), chunk(b"data", bytes(100))), "got 0 at 16000 Hz"),
        (riff(fmt(_PCM, 1, 0, 2), chunk(b"data", bytes(100))), "got 1 at 0 Hz"),
        (riff(fmt(_PCM, 1, 16000, 7), chunk(b"data", bytes(100))), "got 56 bits"),
        (riff(fmt(_FLOAT, 1, 16000, 2), chunk(b"data", bytes(100))), "got 16 bits"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once_in_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    with pytest.raises(AudioFormatError) as caught:
        WavSource(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFormatError, match=r"nowhere\.wav: .*No such file"):
        WavSource(tmp_path / "nowhere.wav")
    with pytest.raises(AudioFormatError, match="Is a directory"):
        WavSource(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "shrinking.wav"
    path.write_bytes(riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", bytes(32000))))
    source = WavSource(path, realtime=False)
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(AudioFormatError, match=r"expected \d+ more bytes of audio"):
        read(source)


def test_real_time_keeps_to_the_clock_however_slow_the_reader_is(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(riff(fmt(_PCM, 1, 44100, 2), chunk(b"data", bytes(44100 * 2 * 10))))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        samples = 0
        late = 0.0
        async for pcm in WavSource(path):
            samples += len(pcm) // 2
            # Never early; late only while it catches up with the reader that was held up for 1 s.
            assert loop.time() >= samples / 16000 - 1e-9
            late = loop.time() - samples / 16000
            if samples // 16000 == 3 and loop.time() < 4:
                await asyncio.sleep(1)
            await asyncio.sleep(0.03)
        assert late == pytest.approx(0)
        assert samples == 160_000

    run(main())


def test_a_source_is_streamed_into_a_producer(tmp_path: Path) -> None:
    pcm = written(tone(16000, 2.05), _PCM, 2)
    path = tmp_path / "talk.wav"
    path.write_bytes(riff(fmt(_PCM, 1, 16000, 2), chunk(b"data", pcm)))
    talk = Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH)

    async def main(realtime: bool) -> tuple[bytes, float]:
        stream = FlakyStream()
        async with AudioProducer(stream, MemorySessionStore(), talk, live=realtime, clock=VirtualClock()) as producer:
            await producer.stream(WavSource(path, realtime=realtime))
        frames = await stream.frames()
        assert frames[-1].offset + frames[-1].samples == len(pcm) // 2
        return b"".join(frame.payload for frame in frames), asyncio.get_running_loop().time()

    sent, took = run(main(realtime=True))
    assert sent == pcm
    assert took == pytest.approx(2.05)
    assert run(main(realtime=False)) == (pcm, 0)
