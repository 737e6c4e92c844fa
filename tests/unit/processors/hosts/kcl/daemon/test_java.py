from __future__ import annotations

from pathlib import Path

import pytest

from processors.hosts.kcl.daemon.java import Java
from shared.errors import SetupError

pytestmark = pytest.mark.system


def install(home: Path, says: str) -> Path:
    """A Java that says nothing but its version."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    return program


def test_java_home_goes_before_the_path(tmp_path: Path) -> None:
    one = install(tmp_path / "one", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2")
    two = install(tmp_path / "two", "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    assert Java.find({"JAVA_HOME": str(tmp_path / "one"), "PATH": str(two.parent)}).program == one
    found = Java.find({"PATH": str(two.parent)})
    assert (found.program, found.version) == (two, 'openjdk version "17.0.15" 2025-04-15')


@pytest.mark.parametrize("version", ["1.8.0_402", "16.0.2"])
def test_an_old_one_is_refused(tmp_path: Path, version: str) -> None:
    install(tmp_path, f"echo 'java version \"{version}\"' >&2")
    with pytest.raises(SetupError, match=f'{version}"; expected Java 17 or newer: apt-get install openjdk-17-jre-head'):
        Java.find({"JAVA_HOME": str(tmp_path)})


def test_one_that_does_not_run_is_refused(tmp_path: Path) -> None:
    install(tmp_path, "echo broken >&2; exit 1")
    with pytest.raises(SetupError, match="of no known version; expected Java 17"):
        Java.find({"JAVA_HOME": str(tmp_path)})


def test_one_that_hangs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "exec sleep 60")
    monkeypatch.setattr("processors.hosts.kcl.daemon.java._LIMIT", 1)
    with pytest.raises(SetupError, match="does not say its version within 1 s; expected Java 17"):
        Java.find({"JAVA_HOME": str(tmp_path)})


def test_where_there_is_none_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no java in PATH; expected Java 17 or newer: apt-get install"):
        Java.find({"PATH": str(tmp_path)})
    with pytest.raises(SetupError, match=f"JAVA_HOME={tmp_path} has no bin/java"):
        Java.find({"JAVA_HOME": str(tmp_path), "PATH": str(tmp_path)})
