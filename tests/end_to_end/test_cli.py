"""The commands as a user types them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from tests.end_to_end.pipeline_run import DEMO, RECORDING
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def llt(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=cwd, env=environment(), capture_output=True, text=True, check=False)


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "cli", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
        "RECOGNISER": f"scripted:{DEMO / 'recording.moonshine.jsonl'}",
        "COLUMNS": "200",
    }


def assert_readable(folder: Path, *, languages: tuple[str, ...] = ("en", "es", "ca")) -> None:
    """Every file can be read by what reads such files."""
    for language in languages:
        vtt = (folder / f"captions.{language}.vtt").read_text()
        assert vtt.startswith("WEBVTT\n\n")
        times = re.findall(r"^(\S+) --> (\S+)$", vtt, re.MULTILINE)
        assert [time for cue in times for time in cue] == sorted(time for cue in times for time in cue)
        srt = (folder / f"captions.{language}.srt").read_text()
        assert len(re.findall(r"^\d+\n\d\d:\d\d:\d\d,\d{3} --> ", srt, re.MULTILINE)) == len(times)
    for language in languages[1:]:
        with wave.open(str(folder / f"speech.{language}.wav")) as speech:
            assert speech.getframerate() == 22050
            assert len(speech.readframes(speech.getnframes())) == 2 * speech.getnframes()


def test_transcribe_file_writes_all_it_names(tmp_path: Path) -> None:
    ended = llt("transcribe-file", RECORDING, "--to", "es,ca", "--out", "my files", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    named = [tmp_path / line.strip() for line in ended.stdout.partition("Wrote:\n")[2].splitlines()]
    assert len(named) == 9
    assert sorted(named) == sorted((tmp_path / "my files").iterdir())
    assert_readable(tmp_path / "my files")
    report = json.loads((tmp_path / "my files" / "report.json").read_text())
    assert report["complete"]
    assert report["captions"]["en"] == report["captions"]["es"] == report["clips"]["ca"] > 3
    assert not report["left_out"]
    text = (tmp_path / "my files" / "captions.es.srt").read_text()
    assert "mujer más amable" in " ".join(text.split())
    with wave.open(str(tmp_path / "my files" / "speech.es.wav")) as speech:
        assert speech.getnframes() / speech.getframerate() > 27


def test_a_demo_that_is_interrupted_leaves_what_was_said_so_far(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("demo"), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        speech = tmp_path / "out" / "demo" / "speech.es.wav"
        # More than the header of a WAV file.
        wait_until(lambda: speech.exists() and speech.stat().st_size > 44, "speech")
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=TIMEOUT)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert "Stopped after" in output
    assert_readable(tmp_path / "out" / "demo")
    report = json.loads((tmp_path / "out" / "demo" / "report.json").read_text())
    assert not report["complete"]
    assert report["captions"]["es"] >= 1
    assert report["latencies_ms"]["speech to first audio (es)"]["p50"] > 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["notes.wav"], r"notes\.wav: expected a WAV file"),
        (["missing.wav"], r"missing\.wav: .*[Nn]o such file"),
        ([RECORDING, "--to", "es,xx"], r"target language xx: from en these engines reach ca, .*es"),
        ([RECORDING, "--to", "es,es"], r"--to es,es: expected language codes, each once"),
        ([RECORDING, "--out", "notes.wav/below"], r"notes\.wav.*[Nn]ot a directory"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line_before_anything_starts(
    arguments: list[str | Path], complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.wav").write_text("These are notes and no audio.")
    for name, (first, *rest) in {"transcribe-file": arguments, "demo": ["--input", *arguments]}.items():
        ended = llt(name, first, *rest, cwd=tmp_path)
        assert ended.returncode in (1, 2)
        assert re.fullmatch(r"llt: .*\n", ended.stderr), ended.stderr
        assert re.search(complaint, ended.stderr), ended.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["notes.wav"]


def test_a_full_disk_is_one_line_and_the_other_files_are_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "captions.ca.vtt").symlink_to("/dev/full")
    ended = llt("transcribe-file", RECORDING, "--out", "out", cwd=tmp_path)
    assert ended.returncode == 1
    assert re.fullmatch(r"llt: .*captions\.ca\.vtt: No space left on device.*\n", ended.stderr)
