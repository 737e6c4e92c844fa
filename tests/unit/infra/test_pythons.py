"""Which Python the scripts take, and in which environment, with stand-ins for the interpreters."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
LOCALSTACK = "infra/local/localstack/install.sh"
SCRIPTS = ("infra/local/lib.sh", "infra/local/pythons.sh", "infra/local/environment.sh", LOCALSTACK, "Makefile")
#: What the scripts themselves call.
TOOLS = (
    "bash",
    "cat",
    "chmod",
    "cp",
    "dirname",
    "make",
    "mkdir",
    "paste",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "tail",
    "wc",
)
#: Says its version; one of Debian's lacks what makes environments. What it makes is an environment of its own version.
PYTHON = """#!/bin/sh
case "$*" in
*version_info*) echo {version} ;;
*ensurepip*) exit {lacks} ;;
"-m venv --clear "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && echo "version = {version}.9" >"$4/pyvenv.cfg" ;;
esac
"""
#: Pyenv has one for every version, and it fails for those that are not chosen.
SHIM = """#!/bin/sh
echo "pyenv: $(basename "$0"): command not found" >&2
exit 127
"""


class Machine:
    """A checkout, a folder in PATH, and the versions that pyenv has."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "low latency"
        self.bin = folder / "bin"
        self.pyenv = folder / "pyenv"
        self.bin.mkdir()
        for file in SCRIPTS:
            place = self.checkout / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, place)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, f"expected {tool}"
            (self.bin / tool).symlink_to(found)

    def has(self, path: Path, version: str, *, environments: bool = True) -> Path:
        """An interpreter at this path."""
        return program(path, PYTHON.format(version=version, lacks=0 if environments else 1))

    def of_pyenv(self, version: str) -> Path:
        """An interpreter among pyenv's, not chosen: its shim fails."""
        minor = version.rpartition(".")[0]
        program(self.bin / f"python{minor}", SHIM)
        return self.has(self.pyenv / "versions" / version / "bin/python", minor)

    def environment_of(self, version: str) -> Path:
        """The .venv of this version; returns its interpreter."""
        python = self.has(self.checkout / ".venv/bin/python", version)
        (self.checkout / ".venv/pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}.9\n")
        return python

    def run(self, *command: str, python: str | Path = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.checkout,
            env={"PATH": str(self.bin), "PYENV_ROOT": str(self.pyenv), "PYTHON": str(python)},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    def pythons(self) -> list[str]:
        done = self.run("bash", "infra/local/pythons.sh")
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def environment(self, python: str | Path = "") -> str:
        done = self.run("bash", "infra/local/environment.sh", python=python)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def chosen(self, python: str | Path = "") -> str:
        """The interpreter that makes environments, as the install scripts find it."""
        done = self.run("bash", "-euo", "pipefail", "-c", "source infra/local/lib.sh; need_python", python=python)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_one_of_each_version_is_found_in_path_and_among_pyenvs_oldest_first(machine: Machine) -> None:
    newest = machine.of_pyenv("3.13.0")
    middle = machine.of_pyenv("3.12.1")
    machine.of_pyenv("3.10.4")
    usual = machine.has(machine.bin / "python3", "3.11")
    machine.has(machine.bin / "python", "2.7")
    assert machine.pythons() == [str(usual), str(middle), str(newest)]


def test_one_that_makes_no_environments_is_passed_over_where_another_does(machine: Machine) -> None:
    debian = machine.has(machine.bin / "python3.11", "3.11", environments=False)
    assert machine.chosen() == str(debian)
    whole = machine.has(machine.pyenv / "versions/3.11.7/bin/python", "3.11")
    assert machine.chosen() == str(whole)


def test_the_oldest_is_taken_and_a_newer_one_than_is_tested_where_there_is_no_other(machine: Machine) -> None:
    newer = machine.has(machine.bin / "python3", "3.15")
    assert machine.pythons() == []
    assert machine.chosen() == str(newer)
    machine.of_pyenv("3.13.0")
    tested = machine.of_pyenv("3.12.1")
    assert machine.chosen() == str(tested)


@pytest.mark.parametrize("name", ["python3.12", "3.12", "PATH"])
def test_python_is_a_version_a_name_or_a_path(machine: Machine, name: str) -> None:
    machine.has(machine.bin / "python3", "3.11")
    wanted = machine.of_pyenv("3.12.1")
    assert machine.chosen(wanted if name == "PATH" else name) == str(wanted)


@pytest.mark.parametrize("name", ["3.10", "python3.13", "nowhere/python", "python2"])
def test_what_does_not_run_or_is_too_old_is_refused_with_those_that_are_found(machine: Machine, name: str) -> None:
    usual = machine.has(machine.bin / "python3", "3.11")
    machine.of_pyenv("3.10.4")
    program(machine.bin / "python3.13", SHIM)
    machine.has(machine.bin / "python2", "2.7")
    line = f"PYTHON={name}: expected a Python, 3.11 or newer, that runs; found here: {usual}"
    done = machine.run("bash", "infra/local/environment.sh", python=name)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{line}\n")
    made = machine.run("make", "-n", "lint", f"PYTHON={name}")
    assert made.returncode == 2
    assert made.stderr.startswith(f"{line}\n")
    usual.unlink()
    assert machine.run("make", "-n", "lint", f"PYTHON={name}").stderr.splitlines()[0].endswith("; found here: none")


def test_another_version_has_an_environment_of_its_own_beside_the_first(machine: Machine) -> None:
    machine.has(machine.bin / "python3", "3.11")
    newer = machine.of_pyenv("3.12.1")
    # The first one is .venv, whatever its version.
    assert [machine.environment(), machine.environment("3.12")] == [".venv", ".venv"]
    machine.environment_of("3.11")
    assert machine.environment() == ".venv"
    assert machine.environment("python3") == ".venv"
    assert machine.environment(newer) == ".venv-3.12"


def test_an_environment_whose_interpreter_is_gone_is_made_again_by_its_own_version_alone(machine: Machine) -> None:
    machine.of_pyenv("3.12.1")
    usual = machine.has(machine.bin / "python3", "3.11")
    machine.environment_of("3.11").unlink()
    assert [machine.environment(named) for named in ("", "3.12", usual)] == [".venv", ".venv-3.12", ".venv"]
    # So does one that another program than venv made.
    (machine.checkout / ".venv/pyvenv.cfg").write_text("home = /usr/bin\nversion_info = 3.11.9.final.0\nversion = 9\n")
    assert machine.environment("3.12") == ".venv-3.12"


def test_every_target_runs_in_the_environment_of_python(machine: Machine) -> None:
    machine.environment_of("3.11")
    # A path may have a space in it.
    newer = machine.has(machine.checkout / "of my own/python", "3.13")
    for target in re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE):
        usual, other = (machine.run("make", "-n", target, *asked) for asked in ((), (f"PYTHON={newer}",)))
        assert (usual.returncode, other.returncode) == (0, 0), usual.stderr + other.stderr
        assert other.stdout == usual.stdout.replace(".venv/bin/", ".venv-3.13/bin/")


def test_localstack_has_its_own_version_whatever_the_rest_runs_on(machine: Machine) -> None:
    for file in ("constraints.txt", "plugin/pyproject.toml", "plugin/localstack_plugin/empty.py"):
        program(machine.checkout / "infra/local/localstack" / file, "")
    for tool in ("node", "npm"):
        program(machine.bin / tool, SHIM)
    newer = machine.of_pyenv("3.13.0")
    refused = machine.run("bash", LOCALSTACK, python=newer)
    assert refused.returncode == 1
    assert refused.stderr.startswith("LocalStack runs on Python 3.11, and there is none in PATH or among pyenv's.")
    assert f"PYTHON=/path/to/python3.11 bash {LOCALSTACK}" in refused.stderr
    # Named once, wherever it is; or found.
    odd = machine.has(machine.checkout / "odd/python", "3.11")
    for python, usual in ((odd, False), (newer, True)):
        shutil.rmtree(machine.checkout / ".venv-localstack", ignore_errors=True)
        if usual:
            machine.of_pyenv("3.11.7")
        done = machine.run("bash", LOCALSTACK, python=python)
        assert done.returncode == 0, done.stderr
        assert machine.run(".venv-localstack/bin/python", "-c", "version_info").stdout == "3.11\n"


def test_the_versions_are_those_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r"Python :: 3\.\d+$", line)]
    (listed,) = re.findall(
        r"^readonly versions=\((.*)\)$", (ROOT / SCRIPTS[0]).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert listed.split() == named
    assert project["requires-python"] == f">={named[0]}"
