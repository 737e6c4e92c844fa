"""What `llt transcribe-file` says of files that are not as they should be, and of what it did not finish."""

from __future__ import annotations

import wave
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from rich.console import Console

from cli.broadcast.broadcast import Outcome
from cli.broadcast.summary import print_summary
from tests.unit.cli.outcome import Llt


@pytest.fixture(autouse=True)
def scripted(newcomer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that need nothing, and hear nothing."""
    (newcomer / "nothing.jsonl").touch()
    monkeypatch.setenv("RECOGNISER", "scripted:nothing.jsonl")
    monkeypatch.setenv("TRANSLATOR", "scripted")
    monkeypatch.setenv("SYNTHESIZER", "scripted")


def recording(path: Path, seconds: float) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(round(32000 * seconds)))
    return path


def test_a_recording_that_is_cut_short_is_told_and_the_report_is_not_complete(llt: Llt, newcomer: Path) -> None:
    path = recording(newcomer / "talk.wav", 2)
    path.write_bytes(path.read_bytes()[: 44 + 32000])
    outcome = llt("transcribe-file", "talk.wav", "--out", "out")
    assert (outcome.code, outcome.err) == (0, "llt: warning: talk.wav is cut short: 1.0 s of 2.0 s are there\n")
    assert orjson.loads((newcomer / "out" / "report.json").read_bytes())["complete"] is False
    whole = llt("transcribe-file", str(recording(path, 2)), "--out", "out")
    assert (whole.code, whole.err) == (0, "")
    assert orjson.loads((newcomer / "out" / "report.json").read_bytes())["complete"] is True


@pytest.fixture
def nowhere(newcomer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon Transcribe, without credentials, where nobody answers."""
    monkeypatch.setenv("RECOGNISER", "aws")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING", "https://localhost:1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for files in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(files, str(newcomer / "none"))


@pytest.mark.usefixtures("nowhere")
def test_without_credentials_nothing_begins(llt: Llt, newcomer: Path) -> None:
    outcome = llt("transcribe-file", str(recording(newcomer / "talk.wav", 1)))
    assert outcome.code == 1
    assert outcome.err.startswith("llt: AWS: no credentials; set AWS_ACCESS_KEY_ID")
    assert outcome.err.count("\n") == 1


@pytest.mark.usefixtures("nowhere")
def test_audio_that_no_recogniser_heard_is_a_failure_whose_reason_is_told(
    llt: Llt, newcomer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.setenv("MAX_HOLD", "10")
    outcome = llt("transcribe-file", str(recording(newcomer / "talk.wav", 1)))
    assert outcome.code == 1
    assert outcome.err.count("transcribe: broadcast: no recogniser opens: EngineUnavailable: Amazon Transcribe: ") == 1
    assert outcome.err.endswith("llt: no recogniser heard 1.0 s of talk.wav; the log says why\n")


def test_files_of_other_languages_from_an_earlier_run_are_named_and_kept(llt: Llt, newcomer: Path) -> None:
    path = str(recording(newcomer / "talk.wav", 0.5))
    first = llt("transcribe-file", path, "--to", "es,ca", "--out", "out")
    assert "earlier" not in first.out
    (newcomer / "out" / "notes.vtt").touch()
    second = llt("transcribe-file", path, "--to", "fr,ca", "--out", "out")
    _, _, told = second.out.partition("From an earlier run, not of this one:\n")
    assert [line.strip() for line in told.splitlines()] == [
        "out/captions.es.srt",
        "out/captions.es.vtt",
        "out/speech.es.wav",
    ]
    assert (newcomer / "out" / "captions.es.vtt").exists()


def test_a_language_that_no_engine_serves_is_wrong_usage(llt: Llt, newcomer: Path) -> None:
    outcome = llt("transcribe-file", str(recording(newcomer / "talk.wav", 0.5)), "--to", "xx")
    assert outcome.code == 2
    assert outcome.err.startswith("llt: target language xx: ")


@pytest.mark.parametrize(
    ("captions", "says"), [(0, "Stopped after 0 captions."), (1, "Stopped after 1 caption, up to 5.1 s of 27.2 s.")]
)
def test_one_that_was_stopped_says_how_far_captions_reach_not_what_was_read(
    capsys: pytest.CaptureFixture[str], captions: int, says: str
) -> None:
    outcome = Outcome(captions=Counter(en=captions), sent=27.2, reached=5.1)
    job: Any = SimpleNamespace(outcome=outcome, source="en", wav=SimpleNamespace(duration=27.2), files=[], left_over=[])
    print_summary(Console(), job)
    assert says in capsys.readouterr().out
