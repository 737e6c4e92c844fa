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
