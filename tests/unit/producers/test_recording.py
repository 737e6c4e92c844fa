"""Recordings of every format, from files and through pipes, as mono PCM."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from producers.sources import RecordingSource, WavSource
from shared.errors import AudioFormatError, DependencyMissing
from tests.support.media import encoded, silent_video, tone
from tests.unit.producers.test_wav import chunk, fmt, riff

RATE = 16000


def heard(source: RecordingSource | WavSource) -> NDArray[np.float64]:
    """All of it, -1 to 1."""

    async def main() -> bytes:
        return b"".join([pcm async for pcm in source])

    return np.frombuffer(asyncio.run(main()), "<i2") / 32768


def read(path: str | Path) -> NDArray[np.float64]:
    return heard(RecordingSource(path, realtime=False))


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
    from_file = heard(source)
    assert_is_tone(from_file, 1.5)
    assert np.array_equal(heard(source), from_file), "a file can be read again"
    assert (source.missing, source.skipped) == (0, "")
    with piped(path.read_bytes()) as pipe:
        assert_is_tone(read(pipe), 1.5)


def test_a_name_says_nothing_and_a_file_may_have_any(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(48_000, 1)[:, None], layout="mono")
    assert_is_tone(read(path.rename(tmp_path / "talk.wav")), 1)


def test_a_wav_file_gives_the_frames_that_it_always_gave_from_a_pipe_too(tmp_path: Path) -> None:
    samples = np.random.default_rng(7).integers(-20_000, 20_000, 44_100 * 2)
    data = riff(fmt(1, 2, 44_100, 2), chunk(b"data", samples.astype("<i2").tobytes()))
    path = tmp_path / "talk.wav"
    path.write_bytes(data)
    always = heard(WavSource(path, realtime=False))
    assert np.array_equal(read(path), always)
    with piped(data) as pipe:
        assert np.array_equal(read(pipe), always)


@pytest.mark.parametrize("announced", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFDB])
def test_a_piped_wav_whose_length_nobody_knew_is_read_to_its_end(announced: int) -> None:
    pcm = np.rint(tone(RATE, 1) * 32767).astype("<i2").tobytes()
    with piped(riff(fmt(1, 1, RATE, 2), chunk(b"data", pcm, announced)) + b"\1") as pipe:
        source = RecordingSource(pipe, realtime=False)
        assert source.duration is None
        assert np.array_equal(heard(source) * 32768, np.frombuffer(pcm, "<i2"))
        assert source.missing == 0
        assert source.duration == pytest.approx(1, abs=0.001)


def test_a_piped_wav_that_breaks_off_says_how_much_did_not_come() -> None:
    with piped(riff(fmt(1, 1, RATE, 2), chunk(b"data", bytes(32_000), 96_000))) as pipe:
        source = RecordingSource(pipe, realtime=False)
        assert source.duration == 3
        heard(source)
        assert (source.duration, source.missing) == (1, 2)


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_a_wav_beyond_4_gib_is_read_by_its_own_length(tmp_path: Path, magic: bytes) -> None:
    pcm = np.rint(tone(RATE, 1) * 32767).astype("<i2").tobytes()
    body = chunk(b"ds64", struct.pack("<QQQI", 0, len(pcm), 0, 0)) + fmt(1, 1, RATE, 2)
    data = magic + b"\xff" * 4 + b"WAVE" + body + chunk(b"data", pcm, 0xFFFFFFFF) + chunk(b"axml", b"behind")
    path = tmp_path / "large.wav"
    path.write_bytes(data)
    assert_is_tone(read(path), 1)
    with piped(data) as pipe:
        assert len(read(pipe)) == RATE


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
    assert len(heard(source)) == RATE
    assert source.missing == 0
    assert source.skipped.startswith(skipped)
    assert bool(source.skipped) == bool(skipped)
    with piped(data) as pipe:
        assert len(read(pipe)) == RATE


def test_channels_of_opposite_phase_are_heard(tmp_path: Path) -> None:
    voice = tone(48_000, 1.5)
    for name, codec in (("talk.wav", "pcm_s16le"), ("talk.flac", "flac"), ("talk.mp3", "libmp3lame")):
        path = encoded(tmp_path / name, codec, np.stack([voice, -voice * 0.9], axis=1))
        assert_is_tone(read(path), 1.5, loudness=0.336)


def test_channels_that_do_not_cancel_are_averaged_as_ever(tmp_path: Path) -> None:
    voice = tone(48_000, 1)
    noise = np.random.default_rng(1).normal(0, 0.1, (48_000, 2))
    for left, right, loudness in ((voice, voice, 0.354), (voice, 0 * voice, 0.177), (voice, 0.5 * voice, 0.265)):
        path = encoded(tmp_path / "talk.wav", "pcm_s16le", np.stack([left, right], axis=1))
        assert_is_tone(read(path), 1, loudness)
    path = encoded(tmp_path / "noise.wav", "pcm_s16le", noise, rate=RATE)
    assert np.abs(read(path) - noise.mean(axis=1)).max() < 0.0002


def test_a_voice_in_the_centre_of_surround_sound_is_not_drowned(tmp_path: Path) -> None:
    channels = np.zeros((48_000, 6))
    channels[:, 2] = tone(48_000, 1)
    path = encoded(tmp_path / "film.mkv", "aac", channels, layout="5.1", video=True)
    assert_is_tone(read(path), 1, loudness=0.354 / (2 + 2**0.5))


def test_many_channels_are_read_without_much_memory(tmp_path: Path) -> None:
    channels = 4000
    data = np.tile(np.rint(tone(RATE, 0.7) * 32767).astype("<i2")[:, None], channels).tobytes()
    path = tmp_path / "many.wav"
    path.write_bytes(riff(fmt(1, channels, RATE, 2), chunk(b"data", data)))
    assert_is_tone(read(path), 0.7)


def test_a_videos_sound_stands_where_the_picture_has_it(tmp_path: Path) -> None:
    path = encoded(tmp_path / "late.mkv", "pcm_s16le", tone(48_000, 1)[:, None], layout="mono", begins=2.0, video=True)
    samples = read(path)
    assert len(samples) == pytest.approx(3 * RATE, abs=RATE // 10)
    assert np.abs(samples[: 2 * RATE - 100]).max() == 0
    assert_is_tone(samples[2 * RATE :], 1)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "libmp3lame"), ("a.aiff", "pcm_s16be"), ("a.flac", "flac"), ("a.mkv", "aac")]
)
def test_a_recording_that_is_cut_short_is_heard_as_far_as_it_goes(tmp_path: Path, name: str, codec: str) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (48_000 * 6, 1))
    path = encoded(tmp_path / name, codec, noise, layout="mono")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    source = RecordingSource(path, realtime=False)
    samples = heard(source)
    assert 2 < len(samples) / RATE < 4
    if name != "a.mkv":  # which had not been told its length when its beginning was written
        assert source.duration is not None
        assert source.duration + source.missing == pytest.approx(6, abs=0.1)


def test_what_is_damaged_is_skipped_and_told_and_shifts_nothing(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.m4a", "aac", tone(48_000, 6)[:, None], layout="mono")
    data = bytearray(path.read_bytes())
    middle = data.index(b"moov") // 2
    data[middle : middle + 4000] = b"\xff\xfb" * 2000
    path.write_bytes(data)
    source = RecordingSource(path, realtime=False)
    assert len(heard(source)) / RATE == pytest.approx(6, abs=0.05)
    assert "damaged piece" in source.skipped


def test_a_recording_whose_index_is_behind_its_audio_is_read_from_a_pipe(tmp_path: Path) -> None:
    path = encoded(tmp_path / "talk.m4a", "aac", tone(48_000, 8)[:, None], layout="mono")
    data = path.read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    with piped(data) as pipe:
        assert_is_tone(read(pipe), 8)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioFormatError, match="index is missing: it is cut short"):
        RecordingSource(path)


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
        assert len(read(path)) == pytest.approx(len(values) * RATE / rate, abs=4)


def test_without_pyav_wav_is_read_and_all_else_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mono = tone(48_000, 1)[:, None]
    wav = encoded(tmp_path / "talk.wav", "pcm_s16le", mono, layout="mono")
    mp3 = encoded(tmp_path / "talk.mp3", "libmp3lame", mono, layout="mono")
    law = encoded(tmp_path / "law.wav", "pcm_mulaw", mono, layout="mono")
    monkeypatch.setitem(sys.modules, "av", None)
    assert_is_tone(read(wav), 1)
    with pytest.raises(
        DependencyMissing, match=r"PyAV to read .*talk\.mp3.* pip install 'low-latency-translate\[files\]'"
    ):
        RecordingSource(mp3)
    with pytest.raises(AudioFormatError, match="got mu-law"):
        RecordingSource(law)


def test_the_rate_may_be_chosen_once_it_is_open(tmp_path: Path) -> None:
    for name, codec in (("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame")):
        path = encoded(tmp_path / name, codec, tone(48_000, 1)[:, None], layout="mono")
        source = RecordingSource(path, realtime=False)
        source.rate = 8000
        assert len(heard(source)) == pytest.approx(8000, abs=20)


def test_titles_in_another_encoding_are_nothing_to_the_listener(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", "libmp3lame", tone(48_000, 1)[:, None], layout="mono")
    tag = b"TAG" + "Müßiggang".encode("latin-1").ljust(125, b"\0")
    path.write_bytes(path.read_bytes() + tag)
    assert_is_tone(read(path), 1)


def test_what_no_reader_goes_on_with_is_told(tmp_path: Path) -> None:
    stereo = encoded(tmp_path / "a.ogg", "libopus", np.repeat(tone(48_000, 2)[:, None], 2, axis=1))
    mono = encoded(tmp_path / "b.ogg", "libopus", tone(48_000, 2)[:, None], layout="mono")
    stereo.write_bytes(stereo.read_bytes() + mono.read_bytes())
    source = RecordingSource(stereo, realtime=False)
    assert_is_tone(heard(source)[: 2 * RATE], 2)
    assert len(heard(source)) >= 4 * RATE * 0.98 or source.skipped == "what FFmpeg's libraries do not go on with"


def test_more_channels_in_planes_than_the_library_can_count_are_heard(tmp_path: Path) -> None:
    channels = np.repeat(tone(48_000, 1)[:, None], 12, axis=1)
    assert_is_tone(read(encoded(tmp_path / "cinema.wv", "wavpack", channels, layout="7.1.4")), 1)
