from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

import cli.main
from shared.errors import EngineUnavailable, SettingError, StreamUnavailable
from tests.unit.cli.outcome import Llt

ROOT = Path(__file__).parents[3]


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonesuch"], "llt: No such command 'nonesuch'; see llt --help"),
        (["config"], "llt: Missing command; see llt config --help"),
        (["config", "show", "--all"], "llt: No such option: --all; see llt config show --help"),
        (["demo", "--to"], "llt: Option '--to' requires an argument; see llt demo --help"),
        (
            ["sessions", "create", "x", "--rate"],
            "llt: Option '--rate' requires an argument; see llt sessions create --help",
        ),
        (["workers", "--json=3"], "llt: Option '--json' does not take a value; see llt workers --help"),
        (["--nonesuch", "demo"], "llt: No such option: --nonesuch; see llt --help"),
        (["doctor", "now"], "llt: Got unexpected extra argument(s) (now); see llt doctor --help"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(llt: Llt, arguments: list[str], says: str) -> None:
    outcome = llt(*arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", says + "\n")


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (EngineUnavailable("no model:\n  install it"), 1, "llt: no model: install it"),
        (SettingError("X=1: expected 2-3"), 2, "llt: X=1: expected 2-3"),
        (
            FileNotFoundError(2, "No such file or directory", "a.wav"),
            1,
            "llt: [Errno 2] No such file or directory: 'a.wav'",
        ),
        (ExceptionGroup("together", [StreamUnavailable("try again later")]), 1, "llt: try again later"),
        (KeyError("x"), 1, "llt: unexpected KeyError: 'x'; llt --verbose shows where it came from"),
    ],
)
def test_an_error_of_any_command_is_one_line_without_a_traceback(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, says: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli.main, "app", fail)
    outcome = llt("doctor")
    assert (outcome.code, outcome.out, outcome.err) == (code, "", says + "\n")


@pytest.mark.hermetic
def test_no_arguments_show_the_help(llt: Llt) -> None:
    outcome = llt()
    assert outcome.code == 0
    assert "doctor" in outcome.out
    assert "config" in outcome.out


@pytest.mark.hermetic
def test_version(llt: Llt) -> None:
    outcome = llt("--version")
    assert (outcome.code, outcome.out) == (0, "llt 0.1.0\n")


@pytest.mark.system
def test_verbose_logs_where_an_error_came_from_but_not_what_it_says(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAX_HOLD=secret\n")
    process = subprocess.run(
        [sys.executable, "-m", "cli", "--verbose", "config", "show"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    logged, message = process.stderr.splitlines()
    assert process.returncode == 2
    assert message == "llt: MAX_HOLD=secret: expected 10-600 s"
    line = orjson.loads(logged)
    assert "in show" in line["exception"]
    assert line["exception"].endswith("SettingError")
    assert "secret" not in logged


@pytest.mark.system
def test_without_the_workers_packages_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError(\"No module named 'typer'\", name='typer')")
    process = subprocess.run(
        [sys.executable, "-m", "cli", "doctor"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    said, python, *install = shlex.split(process.stderr.replace("llt: the package typer is missing: ", "said ", 1))
    assert (said, python, install[:3]) == ("said", sys.executable, ["-m", "pip", "install"])
    assert any(package.startswith("typer>=") for package in install)
