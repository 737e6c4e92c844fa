"""The hooks of .pre-commit-config.yaml, run as pre-commit runs them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.waiting import TIMEOUT
from tests.unit.project.hooks import HOOKS

pytestmark = pytest.mark.system

#: It fits, so no hook has anything to say of it, or to change.
FILE = "infra/commit_subject.py"


def run(id: str, *files: str) -> subprocess.CompletedProcess[str]:
    """Runs the hook as pre-commit does: its words, then the files, from the root of the checkout.

    Its Python is that of the tests, whose environment may have another name.
    """
    _, *words = shlex.split(HOOKS[id]["entry"])
    return subprocess.run(
        [sys.executable, *words, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


@pytest.mark.parametrize("id", ["ruff-check", "ruff-format"])
def test_a_hook_says_nothing_of_a_file_that_fits(id: str) -> None:
    done = run(id, FILE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("id", ["ruff-check", "ruff-format"])
def test_a_hook_fails_on_a_file_that_does_not_or_changes_it(id: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import os\nx = undefined  \n", encoding="utf-8")
    done = run(id, str(wrong))
    # pre-commit takes a changed file for a failure.
    assert done.returncode != 0 or wrong.read_text(encoding="utf-8").endswith("undefined\n")


def test_the_hook_of_messages_reads_the_file_that_git_names(tmp_path: Path) -> None:
    message = tmp_path / "COMMIT_EDITMSG"
    message.write_text("hooks: the message is read\n", encoding="utf-8")
    assert run("commit-subject", str(message)).returncode == 0
    message.write_text("The message is read\n", encoding="utf-8")
    refused = run("commit-subject", str(message))
    assert refused.returncode == 1
    assert refused.stderr.startswith("commit message: expected `component: what changed`")


def test_the_hook_of_types_starts_mypy() -> None:
    assert run("mypy", "--version").stdout.startswith("mypy ")
