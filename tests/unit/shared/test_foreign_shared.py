"""Beside another project's `shared`, one line says so, whichever package is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
PACKAGES = ("producers", "sinks", "processors", "emulators", "cli")
#: Python's path as an editable installation has it: this project is found last, by a finder of its own.
EDITABLE = f"""
import sys
from importlib.machinery import PathFinder

class Editable:
    @staticmethod
    def find_spec(name, path, target=None):
        return PathFinder.find_spec(name, path or [{str(ROOT)!r}])

sys.meta_path.append(Editable)
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python, with the folder before this project in its path."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("foreign", ["shared.py", "shared/__init__.py"])
def test_a_foreign_shared_is_named_in_one_line(tmp_path: Path, package: str, foreign: str) -> None:
    file = tmp_path / foreign
    file.parent.mkdir(exist_ok=True)
    file.write_text("", encoding="utf-8")
    done = run(tmp_path, "-c", f"import {package}")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("llt: low-" if package == "cli" else "ImportError: low-")
    assert f"another project's `shared` in place of its own: {file}. " in line
    assert "environment of its own" in line


def test_the_command_line_says_nothing_but_that_line(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("", encoding="utf-8")
    done = run(tmp_path, "-m", "cli", "--version")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("llt: low-latency-translate finds another project's `shared`")


def test_a_folder_of_that_name_that_is_no_package_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    assert run(tmp_path, "-c", f"import {', '.join(PACKAGES)}").returncode == 0


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_of_that_name_comes_before_an_editable_installation_and_is_named(tmp_path: Path, package: str) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    done = subprocess.run(
        # Without site: this project may be installed so where the tests run.
        [sys.executable, "-S", "-c", f"{EDITABLE}\nimport {package}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == 1
    assert f"another project's `shared` in place of its own: {folder}. " in done.stderr.splitlines()[-1]
