from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.environment import AWS
from cli.main import run
from shared.settings import Settings
from tests.unit.cli.outcome import Llt, Outcome


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty working directory and no settings in the environment; logging is put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    before = dict(os.environ)
    for name in [*(name for name, *_ in Settings().describe()), *AWS]:
        os.environ.pop(name, None)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    root.handlers[:], root.level = handlers, level
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def llt(capsys: pytest.CaptureFixture[str]) -> Llt:
    """Runs a command line in this process."""

    def call(*arguments: str) -> Outcome:
        code = run(arguments)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call
