"""Engines are chosen by name and imported only then."""

from __future__ import annotations

import subprocess
import sys

import pytest

from processors.translate.engines import load
from processors.translate.engines.apertium import ApertiumTranslator
from processors.translate.engines.aws import AwsTranslator
from processors.translate.engines.scripted import ScriptedTranslator
from shared.errors import SettingError


async def test_engines_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert isinstance(load("aws"), AwsTranslator)
    assert isinstance(load("scripted"), ScriptedTranslator)
    assert isinstance(load("apertium"), ApertiumTranslator)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"TRANSLATOR=google: expected one of apertium, aws, scripted"):
        load("google")


def test_an_engine_is_imported_only_when_chosen() -> None:
    code = (
        "import sys; from processors.translate.engines import load; load('scripted');"
        "sys.exit(any('apertium' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
