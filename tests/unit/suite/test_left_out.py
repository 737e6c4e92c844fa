"""What pytest leaves out where KCL workers are not set up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
OF_KCL = "tests/unit/processors/hosts/kcl/test_record_processor.py"


def pytest_without_java(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", OF_KCL, *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": str(folder), "JAVA_HOME": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_the_tests_of_kcl_are_left_out_and_one_line_says_why(tmp_path: Path) -> None:
    done = pytest_without_java(tmp_path)
    assert done.returncode == 0, done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("left out: ")]
    assert line.startswith("left out: 1 of the tests, since KCL workers are not set up: KCL: there is no java")
    assert "`make setup-kcl`" in line


def test_what_is_asked_for_by_its_mark_is_not_left_out(tmp_path: Path) -> None:
    done = pytest_without_java(tmp_path, "-m", "kcl", "--collect-only")
    assert "left out" not in done.stdout
    assert "1 test collected" in done.stdout
