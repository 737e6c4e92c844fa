"""Recordings that are damaged, cut short, or none."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from producers.sources import RecordingSource
from shared.errors import AudioFormatError, DependencyMissing
from tests.support.media import encoded, silent_video, tone
from tests.unit.producers.decoded_audio import RATE, assert_is_tone, decoded, decoded_file, piped
from tests.unit.producers.test_wav import chunk, fmt, riff

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("before", "skipped"),
    [
        (b"LIST" + struct.pack("<I", 3) + b"odd", ""),
        (b"LIST" + struct.pack("<I", 3) + b"odd\0", ""),
        (b"LIST" + struct.pack("<I", 900_000_000) + b"too long", "16 bytes"),
        (b"\0\1\2\3\4\5\6", "7 bytes"),
    ],
)
def test_a_chunk_that_is_odd_does_not_hide_the_samples(tmp_path: Path, before: bytes, skipped: str) -> None:
    pcm = np.rint(tone(RATE, 1) * 32767).astype("<i2").tobytes()
    data = riff(fmt(1, 1, RATE, 2), before, chunk(b"data", pcm))
    path = tmp_path / "odd.wav"
    path.write_bytes(data)
    source = RecordingSource(path, realtime=False)
    assert len(decoded(source)) == RATE
    assert source.missing == 0
    assert source.skipped.startswith(skipped)
    assert bool(source.skipped) == bool(skipped)
    with piped(data) as pipe:
        assert len(decoded_file(pipe)) == RATE


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "libmp3lame"), ("a.aiff", "pcm_s16be"), ("a.flac", "flac"), ("a.mkv", "aac")]
)
def test_a_recording_that_is_cut_short_is_heard_as_far_as_it_goes(tmp_path: Path, name: str, codec: str) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (48_000 * 6, 1))
    path = encoded(tmp_path / name, codec, noise, layout="mono")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    source = RecordingSource(path, realtime=False)
    samples = decoded(source)
    assert 2 < len(samples) / RATE < 4
    if name != "a.mkv":  # which had not been told its length when its beginning was written
        assert source.duration is not None
        assert source.duration + source.missing == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize(("name", "codec", "container"), [("a.aac", "aac", "adts"), ("a.mp3", "libmp3lame", "mp3")])
def test_a_quiet_beginning_makes_no_recording_longer_than_it_is(
    tmp_path: Path, name: str, codec: str, container: str
) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (48_000 * 4, 1))
    quiet, loud = (
        encoded(tmp_path / f"{rate}", codec, samples, layout="mono", container=container, bit_rate=rate).read_bytes()
        for samples, rate in ((0 * noise, 32_000), (noise, 128_000))
    )
    path = tmp_path / name
    path.write_bytes(quiet + loud)
    source = RecordingSource(path, realtime=False)
    assert source.duration == pytest.approx(8, abs=0.2)
    decoded(source)
    assert source.missing == 0


def test_what_is_damaged_is_skipped_and_told_and_shifts_nothing(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.m4a", "aac", tone(48_000, 6)[:, None], layout="mono")
    data = bytearray(path.read_bytes())
    middle = data.index(b"moov") // 2
    data[middle : middle + 4000] = b"\xff\xfb" * 2000
    path.write_bytes(data)
    source = RecordingSource(path, realtime=False)
    assert len(decoded(source)) / RATE == pytest.approx(6, abs=0.05)
    assert "damaged piece" in source.skipped


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "an empty one"),
        (b"Dear all,\nthis is no recording.\n" * 50, "begins with b'Dear all,"),
        (b"ID3\x03\0\0\0\0\0\0\0\0", "begins with b'ID3"),
        (b"#EXTM3U\n#EXTINF:10,\nother.wav\n", "begins with b'#EXTM3U"),
        (b"ffconcat version 1.0\nfile other.wav\n", "begins with b'ffconcat"),
        (bytes(5000), r"begins with b'\x00"),
    ],
)
@pytest.mark.parametrize("name", ["talk.mp3", "talk.txt", "talk", "talk.wav"])
def test_what_is_no_recording_is_refused_at_once_in_one_line(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    encoded(tmp_path / "other.wav", "pcm_s16le", tone(48_000, 1)[:, None], layout="mono")
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(AudioFormatError) as caught:
        RecordingSource(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: expected ")
    assert said in line or "without an audio track" in line
    assert "\n" not in line


def test_a_video_without_sound_a_folder_and_what_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFormatError, match=r"film\.mp4: expected audio, got a file without an audio track"):
        RecordingSource(silent_video(tmp_path / "film.mp4"))
    with pytest.raises(AudioFormatError, match="Is a directory"):
        RecordingSource(tmp_path)
    with pytest.raises(AudioFormatError, match="No such file"):
        RecordingSource(tmp_path / "none.mp3")


def test_an_empty_pipe_and_one_without_samples_are_refused() -> None:
    with piped(b"") as pipe, pytest.raises(AudioFormatError, match="got nothing at all"):
        RecordingSource(pipe)
    with piped(b"neither this nor that") as pipe, pytest.raises(AudioFormatError, match="neither this"):
        RecordingSource(pipe)
    with piped(riff(fmt(1, 1, RATE, 2))) as pipe, pytest.raises(AudioFormatError, match="cut short"):
        RecordingSource(pipe)
    headers = riff(fmt(1, 1, RATE, 2), chunk(b"data", b""))
    with piped(headers) as pipe, pytest.raises(AudioFormatError, match="got no samples"):
        RecordingSource(pipe)


def test_infinities_and_numbers_that_are_no_samples_are_kept_in_bounds(tmp_path: Path) -> None:
    values = np.tile(np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 0.5]), 4000)
    for size, rate in ((8, RATE), (8, 44_100), (4, RATE), (4, 8000)):
        path = tmp_path / "strange.wav"
        with np.errstate(over="ignore"):
            data = values.astype(f"<f{size}").tobytes()
        path.write_bytes(riff(fmt(3, 1, rate, size), chunk(b"data", data)))
        assert len(decoded_file(path)) == pytest.approx(len(values) * RATE / rate, abs=4)


def test_without_pyav_wav_is_read_and_all_else_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mono = tone(48_000, 1)[:, None]
    wav = encoded(tmp_path / "talk.wav", "pcm_s16le", mono, layout="mono")
    mp3 = encoded(tmp_path / "talk.mp3", "libmp3lame", mono, layout="mono")
    law = encoded(tmp_path / "law.wav", "pcm_mulaw", mono, layout="mono")
    monkeypatch.setitem(sys.modules, "av", None)
    assert_is_tone(decoded_file(wav), 1)
    with pytest.raises(DependencyMissing, match=r"PyAV to read .*talk\.mp3.* pip install 'av>="):
        RecordingSource(mp3)
    with pytest.raises(AudioFormatError, match="got mu-law"):
        RecordingSource(law)


def test_titles_in_another_encoding_are_nothing_to_the_listener(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(48_000, 1)[:, None], layout="mono")
    tag = b"TAG" + "Müßiggang".encode("latin-1").ljust(125, b"\0")
    path.write_bytes(path.read_bytes() + tag)
    assert_is_tone(decoded_file(path), 1)


def test_what_no_reader_goes_on_with_is_told(tmp_path: Path) -> None:
    stereo = encoded(tmp_path / "a.ogg", "libopus", np.repeat(tone(48_000, 2)[:, None], 2, axis=1))
    mono = encoded(tmp_path / "b.ogg", "libopus", tone(48_000, 2)[:, None], layout="mono")
    stereo.write_bytes(stereo.read_bytes() + mono.read_bytes())
    source = RecordingSource(stereo, realtime=False)
    assert_is_tone(decoded(source)[: 2 * RATE], 2)
    assert len(decoded(source)) >= 4 * RATE * 0.98 or source.skipped == "what FFmpeg's libraries do not go on with"
