"""Recordings of every format as mono PCM."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from producers.sources import RecordingSource, WavSource
from tests.support.media import encoded, tone
from tests.unit.producers.decoded_audio import RATE, assert_is_tone, decoded, decoded_file, piped
from tests.unit.producers.test_wav import chunk, fmt, riff

pytestmark = pytest.mark.hermetic

FORMATS = {
    "talk.mp3": ("libmp3lame", {}),
    "talk.m4a": ("aac", {}),
    "talk.ogg": ("libopus", {}),
    "talk.opus": ("libopus", {}),
    "talk.flac": ("flac", {}),
    "talk.aiff": ("pcm_s16be", {}),
    "talk.w64": ("pcm_s16le", {}),
    "talk24.w64": ("pcm_s24le", {}),
    "talk.au": ("pcm_mulaw", {}),
    "talk.caf": ("pcm_s16le", {}),
    "talk.wav": ("pcm_s16le", {}),
    "telephone.wav": ("pcm_mulaw", {}),
    "adpcm.wav": ("adpcm_ms", {}),
    "talk.mp4": ("aac", {"video": True}),
    "talk.mkv": ("aac", {"video": True}),
    "talk.mov": ("pcm_s16le", {"video": True}),
    "talk.webm": ("libopus", {}),
    "talk.ts": ("aac", {"container": "mpegts"}),
    "talk.avi": ("libmp3lame", {"video": True}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_heard_from_a_file_and_through_a_pipe(tmp_path: Path, name: str) -> None:
    codec, how = FORMATS[name]
    path = encoded(tmp_path / name, codec, np.repeat(tone(48_000, 1.5)[:, None], 2, axis=1), **how)  # type: ignore[arg-type]
    source = RecordingSource(path, realtime=False)
    assert source.duration == pytest.approx(1.5, abs=0.1)
    from_file = decoded(source)
    assert_is_tone(from_file, 1.5)
    assert np.array_equal(decoded(source), from_file), "a file can be read again"
    assert (source.missing, source.skipped) == (0, "")
    with piped(path.read_bytes()) as pipe:
        assert_is_tone(decoded_file(pipe), 1.5)


def test_a_name_says_nothing_and_a_file_may_have_any(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(48_000, 1)[:, None], layout="mono")
    assert_is_tone(decoded_file(path.rename(tmp_path / "talk.wav")), 1)


def test_a_wav_file_gives_the_frames_that_it_always_gave_from_a_pipe_too(tmp_path: Path) -> None:
    samples = np.random.default_rng(7).integers(-20_000, 20_000, 44_100 * 2)
    data = riff(fmt(1, 2, 44_100, 2), chunk(b"data", samples.astype("<i2").tobytes()))
    path = tmp_path / "talk.wav"
    path.write_bytes(data)
    always = decoded(WavSource(path, realtime=False))
    assert np.array_equal(decoded_file(path), always)
    with piped(data) as pipe:
        assert np.array_equal(decoded_file(pipe), always)


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_a_wav_beyond_4_gib_is_read_by_its_own_length(tmp_path: Path, magic: bytes) -> None:
    pcm = np.rint(tone(RATE, 1) * 32767).astype("<i2").tobytes()
    body = chunk(b"ds64", struct.pack("<QQQI", 0, len(pcm), 0, 0)) + fmt(1, 1, RATE, 2)
    data = magic + b"\xff" * 4 + b"WAVE" + body + chunk(b"data", pcm, 0xFFFFFFFF) + chunk(b"axml", b"behind")
    path = tmp_path / "large.wav"
    path.write_bytes(data)
    assert_is_tone(decoded_file(path), 1)
    with piped(data) as pipe:
        assert len(decoded_file(pipe)) == RATE


def test_channels_of_opposite_phase_are_heard(tmp_path: Path) -> None:
    voice = tone(48_000, 1.5)
    for name, codec in (("talk.wav", "pcm_s16le"), ("talk.flac", "flac"), ("talk.mp3", "libmp3lame")):
        path = encoded(tmp_path / name, codec, np.stack([voice, -voice * 0.9], axis=1))
        assert_is_tone(decoded_file(path), 1.5, loudness=0.336)


def test_channels_that_do_not_cancel_are_averaged_as_ever(tmp_path: Path) -> None:
    voice = tone(48_000, 1)
    noise = np.random.default_rng(1).normal(0, 0.1, (48_000, 2))
    for left, right, loudness in ((voice, voice, 0.354), (voice, 0 * voice, 0.177), (voice, 0.5 * voice, 0.265)):
        path = encoded(tmp_path / "talk.wav", "pcm_s16le", np.stack([left, right], axis=1))
        assert_is_tone(decoded_file(path), 1, loudness)
    path = encoded(tmp_path / "noise.wav", "pcm_s16le", noise, rate=RATE)
    assert np.abs(decoded_file(path) - noise.mean(axis=1)).max() < 0.0002


def test_a_voice_in_the_centre_of_surround_sound_is_not_drowned(tmp_path: Path) -> None:
    channels = np.zeros((48_000, 6))
    channels[:, 2] = tone(48_000, 1)
    path = encoded(tmp_path / "film.mkv", "aac", channels, layout="5.1", video=True)
    assert_is_tone(decoded_file(path), 1, loudness=0.354 / (2 + 2**0.5))


def test_many_channels_are_read_without_much_memory(tmp_path: Path) -> None:
    channels = 4000
    data = np.tile(np.rint(tone(RATE, 0.7) * 32767).astype("<i2")[:, None], channels).tobytes()
    path = tmp_path / "many.wav"
    path.write_bytes(riff(fmt(1, channels, RATE, 2), chunk(b"data", data)))
    assert_is_tone(decoded_file(path), 0.7)


def test_a_videos_sound_stands_where_the_picture_has_it(tmp_path: Path) -> None:
    path = encoded(tmp_path / "late.mkv", "pcm_s16le", tone(48_000, 1)[:, None], layout="mono", begins=2.0, video=True)
    samples = decoded_file(path)
    assert len(samples) == pytest.approx(3 * RATE, abs=RATE // 10)
    assert np.abs(samples[: 2 * RATE - 100]).max() == 0
    assert_is_tone(samples[2 * RATE :], 1)


def test_the_rate_may_be_chosen_once_it_is_open(tmp_path: Path) -> None:
    for name, codec in (("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame")):
        path = encoded(tmp_path / name, codec, tone(48_000, 1)[:, None], layout="mono")
        source = RecordingSource(path, realtime=False)
        source.rate = 8000
        assert len(decoded(source)) == pytest.approx(8000, abs=20)


def test_more_channels_in_planes_than_the_library_can_count_are_heard(tmp_path: Path) -> None:
    channels = np.repeat(tone(48_000, 1)[:, None], 12, axis=1)
    assert_is_tone(decoded_file(encoded(tmp_path / "cinema.wv", "wavpack", channels, layout="7.1.4")), 1)
