"""What the workflow's step says of the subjects of commits, run as its runner runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import ROOT
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
(STEP,) = [step for step in JOBS["commits"]["steps"] if "run" in step]


class Repository:
    """A repository in a folder, with one commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        (self.folder / "infra").mkdir(parents=True)
        shutil.copy(ROOT / "infra/commit_subject.py", self.folder / "infra")
        self._environ = os.environ | {"RUNNER_TEMP": str(folder), "GIT_CONFIG_GLOBAL": os.devnull}
        self._git("init", "--quiet")
        self.base = self.commit("Before the rule.")

    def commit(self, message: str) -> str:
        """Its name."""
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        self._git(*who, "commit", "--quiet", "--allow-empty", "--message", message)
        return self._git("rev-parse", "HEAD").strip()

    def checked(self, base: str, head: str) -> subprocess.CompletedProcess[str]:
        """The step, by the shell that a step without one gets."""
        return self._run("bash", "-e", "-c", STEP["run"], BASE=base, HEAD=head)

    def _git(self, *words: str) -> str:
        done = self._run("git", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environ | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_every_commit_behind_the_base_is_looked_at(repository: Repository) -> None:
    good = repository.commit("hosts: a parked key is watched\n\nWhy it is.")
    assert repository.checked(repository.base, good).returncode == 0
    repository.commit("Watch it.")
    refused = repository.checked(repository.base, repository.commit("hosts: the last one is right again"))
    assert refused.returncode == 1
    assert "got 'Watch it.'" in refused.stderr


def test_a_base_that_is_not_there_is_a_failure(repository: Repository) -> None:
    head = repository.commit("Watch it.")
    assert repository.checked("0" * 40, head).returncode != 0
