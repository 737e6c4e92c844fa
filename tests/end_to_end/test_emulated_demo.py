"""`make demo ENGINES=aws`: the demo through the engines of AWS, on emulators, hears what the engines behind hear."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.text import normalise
from tests.end_to_end.deployment import ROOT
from tests.end_to_end.pipeline_run import DEMO, TARGETS
from tests.support.pocketsphinx import POCKETSPHINX

pytestmark = [pytest.mark.system, pytest.mark.emulated]

LLT = (sys.executable, "-m", "cli")
SECRET, TOKEN = "neverToBeSeenAnywhere/0123456789abcdefgh", "norThisToken/0123456789"
AWS = {"RECOGNISER": "aws", "TRANSLATOR": "aws", "SYNTHESIZER": "polly"}


def demo(out: Path, *before: str, **engines: str) -> None:
    """Runs the demo, at the speaker's pace; `before` stands before its command line. No secret gets out."""
    run = subprocess.run(
        [*before, *LLT, "--verbose", "demo", "--out", str(out)],
        cwd=out.parent,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "AWS_ACCESS_KEY_ID": "known", "AWS_SECRET_ACCESS_KEY": SECRET}
        | {"AWS_SESSION_TOKEN": TOKEN}
        | engines,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    for secret in (SECRET, TOKEN):
        assert secret not in run.stdout + run.stderr
        assert not [file for file in out.iterdir() if secret.encode() in file.read_bytes()]


def words(out: Path) -> str:
    """What the captions of the source language say, without capitals and punctuation."""
    cues = re.split(r"\n\n+", (out / "captions.en.vtt").read_text(encoding="utf-8").strip())[1:]
    texts = [" ".join(cue.partition("-->")[2].splitlines()[1:]) for cue in cues]
    return normalise(" ".join(texts))


@pytest.mark.parametrize(
    "recogniser",
    [f"scripted:{DEMO / 'recording.moonshine.jsonl'}", pytest.param("moonshine", marks=pytest.mark.soak), POCKETSPHINX],
)
def test_the_words_are_those_of_the_offline_run(recogniser: str, tmp_path: Path) -> None:
    offline, aws = tmp_path / "offline", tmp_path / "aws"
    with ThreadPoolExecutor() as beside:
        running = beside.submit(demo, offline, RECOGNISER=recogniser)
        demo(aws, *LLT, "--verbose", "emulate", "--recogniser", recogniser, "--", **AWS)
        running.result()
    assert words(aws) == words(offline) != ""
    report = json.loads((aws / "report.json").read_text(encoding="utf-8"))
    assert report["clips"].keys() == set(TARGETS)
    assert not report["left_out"]
