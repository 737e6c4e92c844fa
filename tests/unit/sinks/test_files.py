from __future__ import annotations

import re
import resource
import tracemalloc
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SinkError
from shared.models import Status
from sinks import AudioChunk, Caption, Corrected
from sinks.files import SrtWriter, SubtitleWriter, WavWriter, WebVttWriter
from sinks.files.cues import LINE, LINES, Spoken, laid_out

pytestmark = pytest.mark.hermetic

WRITERS: list[type[SubtitleWriter]] = [WebVttWriter, SrtWriter]


def caption(number: int, text: str, start: int, end: int) -> Caption:
    return Caption(number, "en", text, start, end, Status.OK, captured_at=0, hops={}, received_at=0)


def chunk(number: int, end: int, payload: bytes, *, first: bool = True, rate: int = 8000) -> AudioChunk:
    times = {"start": 0, "end": end, "captured_at": 0, "received_at": 0}
    return AudioChunk(
        number=number, language="es", payload=payload, rate=rate, first=first, last=True, hops={}, **times
    )


def cues_of(path: Path) -> list[tuple[str, str, str]]:
    """Start, end and text of each cue, by the grammar of the file's format; fails where it is not met."""
    text = path.read_text()
    if path.suffix == ".vtt":
        head, _, text = text.partition("\n\n")
        assert head == "WEBVTT"
        time = r"(\d\d:\d\d:\d\d\.\d{3})"
    else:
        time = r"(\d\d:\d\d:\d\d,\d{3})"
    blocks = [block for block in text.split("\n\n") if block]
    parsed = []
    for number, block in enumerate(blocks, 1):
        found = re.fullmatch(rf"{number}\n{time} --> {time}\n((?:.+\n?)+)", block)
        assert found, block
        parsed.append((found[1], found[2], found[3].strip("\n")))
    return parsed


@pytest.mark.parametrize("kind", WRITERS)
def test_the_file_is_whole_after_every_caption(kind: type[SubtitleWriter], tmp_path: Path) -> None:
    path = tmp_path / f"captions{'.vtt' if kind is WebVttWriter else '.srt'}"
    with kind(path) as writer:
        assert cues_of(path) == []
        writer.caption(caption(1, "Good morning.", 500, 1500))
        assert [text for _, _, text in cues_of(path)] == ["Good morning."]
        writer.caption(replace(caption(2, "", 1500, 2000), status=Status.FAILED))
        writer.caption(caption(3, "And so on.", 3_661_500, 3_662_500))
        starts = [start.replace(",", ".") for start, _, _ in cues_of(path)]
        assert starts == ["00:00:00.500", "01:01:01.500"]


@pytest.mark.parametrize("kind", WRITERS)
def test_text_that_looks_like_markup_does_not_break_the_file(kind: type[SubtitleWriter], tmp_path: Path) -> None:
    path = tmp_path / f"captions{'.vtt' if kind is WebVttWriter else '.srt'}"
    with kind(path) as writer:
        writer.caption(caption(1, "a --> b & <i>c</i>\n\n2\nd", 0, 1000))
    ((_, _, text),) = cues_of(path)
    assert "-->" not in text
    assert "<i>" not in text
    assert text.startswith("a ")
    assert text.endswith("2 d")


@given(
    st.lists(
        st.tuples(st.text("ab ", min_size=1, max_size=300), st.integers(0, 9000), st.integers(0, 6000)), max_size=8
    )
)
def test_cues_fit_the_screen_and_never_overlap(captions: list[tuple[str, int, int]]) -> None:
    made = list(laid_out(Spoken(text, start, start + length) for text, start, length in captions))
    assert "".join(line for cue in made for line in cue.lines).replace(" ", "") == "".join(
        text.replace(" ", "") for text, _, _ in captions
    )
    assert all(1 <= len(cue.lines) <= LINES and all(len(line) <= LINE for line in cue.lines) for cue in made)
    assert all(cue.start < cue.end for cue in made)
    assert all(before.end <= after.start for before, after in pairwise(made))


@pytest.mark.parametrize("kind", WRITERS)
def test_corrected_captions_read_better_once_the_file_is_closed(kind: type[SubtitleWriter], tmp_path: Path) -> None:
    path = tmp_path / f"captions{'.vtt' if kind is WebVttWriter else '.srt'}"
    with kind(path) as writer:
        for number, text in enumerate(["first", "recognise", "beach", "last"], 1):
            writer.caption(caption(number, text, number * 1000, number * 1000 + 1000))
        writer.correct(Corrected(2, 3, "wreck a nice beach"))
        writer.correct(Corrected(7, 9, "of captions that were never written"))
        assert len(cues_of(path)) == 4
    assert [text for _, _, text in cues_of(path)] == ["first", "wreck a nice beach", "last"]
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_correction_of_a_range_out_of_all_reason_is_of_the_captions_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "captions.vtt"
    with WebVttWriter(path) as writer:
        for number in (1, 2, 9):
            writer.caption(caption(number, f"n{number}", number * 1000, number * 1000 + 1000))
        writer.correct(Corrected(2, 10**15, "better"))
    assert [text for _, _, text in cues_of(path)] == ["n1", "better"]


@pytest.mark.parametrize("kind", [*WRITERS, WavWriter])
def test_a_file_that_cannot_be_made_is_named(kind: type[SubtitleWriter] | type[WavWriter], tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="missing/file: No such file or directory; choose another file"):
        kind(tmp_path / "missing" / "file")


def test_a_full_disk_is_named_and_harms_no_other_file(tmp_path: Path) -> None:
    full = Path("/dev/full")
    with WebVttWriter(tmp_path / "captions.vtt") as other:
        with pytest.raises(SinkError, match="/dev/full: No space left on device"), SrtWriter(full) as writer:
            writer.caption(caption(1, "no room", 0, 1000))
        with pytest.raises(SinkError, match="/dev/full: No space left on device"):
            WavWriter(full)
        other.caption(caption(1, "room", 0, 1000))
    assert [text for _, _, text in cues_of(tmp_path / "captions.vtt")] == ["room"]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process can grow beyond `size` bytes: a write that does not fit is cut short, then refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_caption_that_does_not_fit_leaves_no_half_cue(kind: type[SubtitleWriter], tmp_path: Path) -> None:
    path = tmp_path / ("captions.vtt" if kind is WebVttWriter else "captions.srt")
    with kind(path) as writer:
        writer.caption(caption(1, "room", 0, 1000))
        with room_for(path.stat().st_size + 20), pytest.raises(SinkError, match="File too large"):
            writer.caption(caption(2, "no room", 1000, 2000))
        assert [text for _, _, text in cues_of(path)] == ["room"]
        writer.caption(caption(3, "room again", 2000, 3000))
    assert [text for _, _, text in cues_of(path)] == ["room", "room again"]


def test_speech_that_does_not_fit_leaves_a_wav_file_of_what_did(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with WavWriter(path) as writer:
        writer.chunk(chunk(1, 0, b"\1\0" * 80))
        with room_for(path.stat().st_size + 20), pytest.raises(SinkError, match="File too large"):
            writer.chunk(chunk(2, 0, b"\2\0" * 80))
        assert samples(path) == b"\1\0" * 80
        writer.chunk(chunk(3, 0, b"\3\0" * 80))
    assert samples(path) == b"\1\0" * 80 + b"\3\0" * 80


def samples(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        audio: bytes = file.readframes(file.getnframes())
        return audio


def test_clips_lie_on_the_speakers_time_line_and_the_file_is_whole_after_each_chunk(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    one, two, three = b"\1\0" * 800, b"\2\0" * 1600, b"\3\0" * 80
    with WavWriter(path) as writer:
        writer.chunk(chunk(1, 100, one))
        assert samples(path) == bytes(1600) + one
        writer.chunk(chunk(2, 150, two))
        assert samples(path) == bytes(1600) + one + two
        writer.chunk(chunk(2, 150, three, first=False))
        writer.chunk(chunk(3, 1000, one))
        said = bytes(1600) + one + two + three
        assert samples(path) == said + bytes(16000 - len(said)) + one
    with wave.open(str(path)) as file:
        assert file.getnframes() == 8800


def test_hours_of_silence_take_no_memory_and_no_space(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    six_hours = 6 * 3_600_000
    with WavWriter(path) as writer:
        writer.chunk(chunk(1, 0, b"\1\0" * 80))
        tracemalloc.start()
        writer.chunk(chunk(2, six_hours, b"\2\0" * 80))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 1 << 20
    assert path.stat().st_blocks * 512 < 1 << 20
    with wave.open(str(path)) as file:
        assert file.getnframes() == six_hours * 8 + 80
        assert file.readframes(160) == b"\1\0" * 80 + bytes(160)
        file.setpos(six_hours * 8 - 1)
        assert file.readframes(2) == b"\0\0\2\0"


def test_what_no_wav_file_holds_is_refused_and_the_file_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with WavWriter(path) as writer:
        writer.chunk(chunk(1, 0, b"\1\0"))
        with pytest.raises(SinkError, match=r"speech\.wav: expected at most 75 h, .* got a clip at 200 h"):
            writer.chunk(chunk(2, 200 * 3_600_000, b"\2\0"))
        writer.chunk(chunk(3, 0, b"\3\0"))
    assert samples(path) == b"\1\0\3\0"


def test_what_did_not_fit_is_not_heard_in_the_silence_before_what_did(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with WavWriter(path) as writer:
        writer.chunk(chunk(1, 0, b"\1\0" * 80))
        with room_for(path.stat().st_size + 20), pytest.raises(SinkError, match="File too large"):
            writer.chunk(chunk(2, 0, b"\2\0" * 80))
        writer.chunk(chunk(3, 20, b"\3\0" * 80))
    assert samples(path) == b"\1\0" * 80 + bytes(160) + b"\3\0" * 80


def test_audio_of_another_rate_is_refused_and_the_file_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with WavWriter(path) as writer:
        writer.chunk(chunk(1, 0, b"\1\0"))
        with pytest.raises(SinkError, match="expected audio at 8000 Hz, got 16000 Hz"):
            writer.chunk(chunk(2, 0, b"\2\0", rate=16000))
    assert samples(path) == b"\1\0"


def test_a_speech_file_without_speech_is_a_wav_file(tmp_path: Path) -> None:
    WavWriter(tmp_path / "speech.wav", rate=8000).close()
    assert samples(tmp_path / "speech.wav") == b""


def test_webvtt_names_who_speaks_by_a_voice_tag_and_subrip_does_not(tmp_path: Path) -> None:
    said = replace(caption(1, "word " * 30, 0, 9000), speaker="spk_<1>")
    with WebVttWriter(tmp_path / "a.vtt") as vtt, SrtWriter(tmp_path / "a.srt") as srt:
        for writer in (vtt, srt):
            writer.caption(said)
            writer.caption(caption(2, "nobody", 9000, 9900))
            writer.correct(Corrected(1, 1, "better"))
    (_, _, first), (_, _, second) = cues_of(tmp_path / "a.vtt")
    assert (first, second) == ("<v spk_&lt;1&gt;>better", "nobody")
    assert [text for _, _, text in cues_of(tmp_path / "a.srt")] == ["better", "nobody"]


#: A name and a text that would break out of their cue, and an escape sequence for whoever prints the file.
HOSTILE = replace(
    caption(1, "hola\x1b[31m \x00 --> \n\n<b>00:01.000 --> 00:02.000\x9b2J", 0, 1000),
    speaker="bob\n\n00:00:00.000 --> 09:00:00.000\nINJECTED",
)


@pytest.mark.parametrize(
    ("writer", "name", "text"),
    [
        (
            WebVttWriter,
            "a.vtt",
            "<v bob 00:00:00.000 --&gt; 09:00:00.000 INJECTED>hola --&gt; &lt;b&gt;00:01.000 --&gt; 00:02.000",
        ),
        (SrtWriter, "a.srt", "hola → ‹b›00:01.000 → 00:02.000"),
    ],
)
def test_neither_a_text_nor_a_name_breaks_out_of_its_cue(
    writer: type[SubtitleWriter], name: str, text: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    with writer(file) as captions:
        captions.caption(HOSTILE)
        captions.caption(caption(2, "\x1b[2J\u202e", 1000, 2000))
        captions.caption(caption(3, "Adiós.", 2000, 3000))
        captions.correct(Corrected(3, 3, "Adiós,\x1b[1m\namigos."))
    first, second = cues_of(file)
    assert first[2] == text
    assert second[2] == "Adiós, amigos."


def test_srt_says_nothing_of_where_its_text_is_to_stand(tmp_path: Path) -> None:
    with SrtWriter(tmp_path / "a.srt") as captions:
        captions.caption(caption(1, r"{\an8}above {y:i}all", 0, 1000))
    assert [cue[2] for cue in cues_of(tmp_path / "a.srt")] == [r"(\an8)above (y:i)all"]
