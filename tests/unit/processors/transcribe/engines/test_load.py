from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from processors.transcribe import engines
from shared.errors import EngineUnavailable, ScriptError, SettingError
from shared.settings import Settings


@pytest.mark.parametrize("name", ["moonshine", "pocketsphinx"])
def test_an_engine_is_loaded_by_name(name: str) -> None:
    engine = engines.load(name)
    assert engine.languages() == {"en"}
    assert engine.rate == 16000


def test_a_script_is_loaded_by_its_path() -> None:
    script = Path(__file__).parents[5] / "cli" / "demo" / "recording.moonshine.jsonl"
    assert engines.load(f"scripted:{script}").feed_rate is None


@pytest.mark.parametrize("name", ["whisper", "scripted", ""])
def test_an_unknown_name_is_told_what_there_is(name: str) -> None:
    with pytest.raises(SettingError, match=r"expected moonshine, pocketsphinx, aws or scripted:PATH"):
        engines.load(name)


def test_a_script_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError):
        engines.load(f"scripted:{tmp_path}/none.jsonl")


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == "moonshine_voice" else find_spec(name))
    with pytest.raises(EngineUnavailable, match=r"moonshine-voice: pip install 'low-latency-translate\[offline\]'"):
        engines.load("moonshine")


def test_the_engine_of_aws_is_given_the_settings_and_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "nb" in engines.load("aws", Settings(transcribe_language_codes="nb=no-NO")).languages()
    with pytest.raises(SettingError, match="TRANSCRIBE_LANGUAGE_CODES=norsk"):
        engines.load("aws", Settings(transcribe_language_codes="norsk"))
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r"amazon-transcribe: pip install 'low-latency-translate\[aws\]'"):
        engines.load("aws")


def test_an_engine_is_imported_only_when_it_is_chosen() -> None:
    check = (
        "import sys; from processors.transcribe.engines import load; load('pocketsphinx'); "
        "print([name for name in ('moonshine_voice', 'numpy', 'pocketsphinx') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
