"""Engines are chosen by name and imported only then."""

from __future__ import annotations

import subprocess
import sys

import pytest

from processors.synthesize.engines import load
from processors.synthesize.engines.espeak import EspeakSynthesizer
from processors.synthesize.engines.polly import PollySynthesizer
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from shared.errors import EngineUnavailable, SettingError
from shared.settings import Settings


async def test_engines_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert isinstance(load("polly"), PollySynthesizer)
    assert isinstance(load("scripted"), ScriptedSynthesizer)
    espeak = load("espeak")
    assert isinstance(espeak, EspeakSynthesizer)
    await espeak.close()


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"SYNTHESIZER=siri: expected one of espeak, polly, scripted"):
        load("siri")


def test_an_engine_is_made_as_the_settings_want_it() -> None:
    with pytest.raises(SettingError, match=r"POLLY_VOICES=es: expected LANGUAGE=VOICE"):
        load("polly", Settings(polly_voices="es"))


def test_a_missing_package_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("processors.synthesize.engines.espeak")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(EngineUnavailable, match=r"espeakng_loader: pip install 'low-latency-translate\[offline\]'"):
        load("espeak")


def test_an_engine_is_imported_only_when_chosen() -> None:
    code = (
        "import sys; from processors.synthesize.engines import load; load('scripted');"
        "sys.exit(any('espeak' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
