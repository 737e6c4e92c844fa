"""The pipeline in a program of one's own."""

from __future__ import annotations

import re
import wave
from pathlib import Path

import pytest

from tests.integration.examples.program import ROOT, run, started

pytestmark = [pytest.mark.system, pytest.mark.long]

DEMO = ROOT / "cli" / "demo"
SCRIPTED = {
    "RECOGNISER": f"scripted:{DEMO / 'recording.moonshine.jsonl'}",
    "TRANSLATOR": "scripted",
    "SYNTHESIZER": "scripted",
}


@pytest.fixture
def talk(tmp_path: Path) -> str:
    """The first seconds of the demo's recording."""
    with wave.open(str(DEMO / "recording.wav")) as whole, wave.open(str(tmp_path / "talk.wav"), "wb") as cut:
        cut.setparams(whole.getparams())
        cut.writeframes(whole.readframes(whole.getframerate() * 8))
    return str(tmp_path / "talk.wav")


def test_the_offline_engines_caption_a_recording(talk: str) -> None:
    code, out, err = run("embed", talk)
    assert code == 0, err
    assert re.match(r"1: .*\bDashwood\b", out)


def test_captions_come_in_order_and_once(talk: str) -> None:
    code, out, err = run("embed", talk, environment=SCRIPTED)
    assert (code, err) == (0, "")
    captions = re.findall(r"^(\d+): \[es\] \S.*$", out, re.MULTILINE)
    assert [int(number) for number in captions] == list(range(1, len(out.splitlines()) + 1))


def test_ctrl_c_ends_it_in_silence(talk: str) -> None:
    with started("embed", talk, environment=SCRIPTED) as program:
        assert program.line().startswith("1: ")
        program.interrupt()
        code, _, err = program.end()
    assert (code, err) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["none.wav"], {}, "embed: none.wav: expected a readable WAV file: No such file or directory\n"),
        ([], {}, "usage: python examples/embed.py RECORDING.wav\n"),
        (None, {**SCRIPTED, "TRANSLATOR": "none"}, "embed: TRANSLATOR=none: expected "),
    ],
)
def test_an_error_is_one_line(arguments: list[str] | None, environment: dict[str, str], told: str, talk: str) -> None:
    code, out, err = run("embed", *([talk] if arguments is None else arguments), environment=environment)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(told)
