"""What shells and terminals leave a command: streams that are closed, full or narrow, no reader, too few files."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import wave
from pathlib import Path

import orjson
import pytest

from cli.console import put_json
from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.long]

ROOT = Path(__file__).parents[3]
#: What is heard: a name in typographic quotes.
SCRIPT = """{"utterance":1,"start":0,"end":900,"position":1200,"items":[{"text":"“Señor","start":0,"end":400,"stable":true},
{"text":"Müller”","start":400,"end":900,"stable":true}],"final":true}""".replace("\n", "")


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command line of bash in which `llt` is the command."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        ["bash", "-c", f'llt() {{ "{sys.executable}" -m cli "$@"; }}; {command}'],
        cwd=folder,
        env=own | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"} | environment,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_as_one_that_nobody_reads(closed: str, tmp_path: Path) -> None:
    done = shell(f"llt config show {closed}", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_that_is_opened_never_has_a_standard_streams_number(tmp_path: Path) -> None:
    script = "from cli.standard_streams import make_usable; make_usable(); print(open('f').fileno() > 2, file=open('g', 'w'))"
    (tmp_path / "f").touch()
    shell(f'"{sys.executable}" -c "{script}" <&- >&- 2>&-', tmp_path)
    assert (tmp_path / "g").read_text() == "True\n"


@pytest.mark.parametrize("command", ["config show", "config show --json", "--help"])
def test_a_reader_that_goes_away_ends_it_in_silence(command: str, tmp_path: Path) -> None:
    # The reader is gone before the first line is written.
    done = shell(f"{{ sleep 0.2; llt {command}; echo $? >code; }} | true", tmp_path)
    assert (tmp_path / "code").read_text() == "141\n"
    assert done.stderr == b""


@pytest.mark.parametrize("command", ["config show", "config show --json"])
def test_a_disk_that_is_full_is_told(command: str, tmp_path: Path) -> None:
    done = shell(f"llt {command} >/dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(b"llt: ")
    assert b"No space left on device" in done.stderr
    assert done.stderr.count(b"\n") == 1


def transcribed(
    redirected: str, folder: Path, name: str = "quiet.wav", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """A demo of two seconds whose captions go to standard output, as `redirected` has it, and to the folder `o`."""
    (folder / "script.jsonl").write_text(SCRIPT + "\n", encoding="utf-8")
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * 16000 * 2))
    engines = {"RECOGNISER": "scripted:script.jsonl", "TRANSLATOR": "scripted", "SYNTHESIZER": "scripted"}
    return shell(f"llt demo --input *.wav --to es --out o {redirected}", folder, **engines, **environment)


def test_a_terminal_that_lacks_a_character_shows_the_rest(tmp_path: Path) -> None:
    done = transcribed("", tmp_path, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "?Señor Müller?".encode("latin-1") in done.stdout
    assert "“Señor Müller”" in (tmp_path / "o" / "captions.en.vtt").read_text(encoding="utf-8")


def test_files_are_whole_though_the_reader_has_gone(tmp_path: Path) -> None:
    done = transcribed("| head -1; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stderr) == (141, b"")
    for file in ("captions.en.vtt", "captions.es.srt", "speech.es.wav", "report.json"):
        assert (tmp_path / "o" / file).exists()
    orjson.loads((tmp_path / "o" / "report.json").read_bytes())


def test_a_script_reads_the_same_json_in_whatever_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    put_json({"said": "“Señor” 👋\x9b"})
    assert orjson.loads(written.getvalue()) == {"said": "“Señor” 👋\x9b"}


@pytest.mark.parametrize("limit", [8, 24])
def test_too_few_open_files_are_told_in_one_line(limit: int, tmp_path: Path) -> None:
    done = shell(f"ulimit -n {limit}; llt demo", tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(f"llt: {limit} open files are allowed, expected at least ".encode())
    assert done.stderr.count(b"\n") == 1


def test_a_limit_that_may_be_raised_is_raised(tmp_path: Path) -> None:
    done = shell("ulimit -S -n 24; llt demo --input nosuch.wav", tmp_path)
    assert done.returncode == 1
    assert b"nosuch.wav" in done.stderr


def test_a_file_whose_name_is_no_text_is_a_file(tmp_path: Path) -> None:
    done = transcribed("", tmp_path, os.fsdecode(b"gr\xfcn\x1b[2J.wav"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert orjson.loads((tmp_path / "o" / "report.json").read_bytes())["input"] == "grn.wav"
