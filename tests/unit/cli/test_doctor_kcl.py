from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system


def findings(llt: Llt) -> dict[str, dict[str, Any]]:
    outcome = llt("doctor", "--json")
    # The demo does without.
    assert outcome.code == 0
    found = [entry for entry in orjson.loads(outcome.out)["findings"] if entry["part"] == "KCL workers"]
    assert [entry["needed"] for entry in found] == [False, False]
    return {entry["name"]: entry for entry in found}


def java(folder: Path, version: str) -> Path:
    program = folder / "bin/java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    return program


def test_a_java_that_will_do_is_named_with_its_version(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = java(clean_environment, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(clean_environment))
    found = findings(llt)["Java"]
    assert (found["present"], found["remedy"]) == (True, "")
    assert found["detail"] == f'openjdk version "21.0.1" 2025-04-15, {program}'


def test_one_that_is_too_old_is_told_with_the_command_that_brings_another(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java(clean_environment, "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(clean_environment))
    found = findings(llt)["Java"]
    assert not found["present"]
    assert "11.0.2" in found["remedy"]
    assert "make setup-kcl" in found["remedy"]


def test_a_library_that_is_not_there_is_told_with_the_command_that_brings_it(
    llt: Llt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "amazon_kclpy", None)
    found = findings(llt)["Kinesis Client Library"]
    assert not found["present"]
    assert "make setup-kcl" in found["remedy"]


@pytest.mark.kcl
def test_the_library_that_was_installed_is_found(llt: Llt) -> None:
    found = findings(llt)["Kinesis Client Library"]
    assert (found["present"], found["detail"]) == (True, "79 jars of amazon_kclpy 3.1.3")
