"""The image, as far as it can be tried without Docker."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.unit.infra.dockerfile import environment, instructions, values

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: What else a step may run.
PLAIN = ("rm -rf /var/lib/apt/lists/*", "useradd ")


def steps() -> list[str]:
    """The commands that make it, in order."""
    return [step.strip() for value in values("RUN") for step in value.split("&&")]


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, target
    return [line.strip().removeprefix("@") for line in found[1].splitlines()]


def test_its_steps_are_the_scripts_of_make_setup_and_make_setup_kcl() -> None:
    scripts = [step for step in steps() if not step.startswith(PLAIN)]
    assert {" ".join(step.split()[:2]) for step in scripts} == {*recipe("setup"), *recipe("setup-kcl")}


def test_each_script_runs_whole() -> None:
    for script in (*recipe("setup"), *recipe("setup-kcl")):
        parts = [step.removeprefix(script).strip() for step in steps() if step.startswith(script)]
        text = (ROOT / script.split()[1]).read_text(encoding="utf-8")
        known = re.findall(r"^#   install\.sh (\w*) ", text, re.MULTILINE)
        # Without an argument it does everything, and otherwise all of its parts are needed.
        assert set(parts) <= set(known)
        assert "" in parts or set(parts) == set(known) - {""}


def test_what_is_copied_is_there_before_a_step_needs_it() -> None:
    copied: list[str] = []
    for name, value in instructions():
        if name == "COPY":
            *sources, _ = value.split()
            assert all((ROOT / source).exists() for source in sources)
            copied += sources
        for script in re.findall(r"bash (\S+)", value if name == "RUN" else ""):
            assert any(source == "." or script.startswith(source) for source in copied), script


def test_it_gets_the_packages_and_what_installs_them_and_nothing_else() -> None:
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    first, *others = [line for line in patterns if not line.startswith("#")]
    assert first == "*"
    let_in = {line.removeprefix("!") for line in others if line.startswith("!")}
    packages = {
        found.rstrip("*").partition(".")[0] for found in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    files = {"pyproject.toml", "constraints.txt", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert let_in == packages | {"infra"} | files


def test_its_python_is_one_that_the_project_takes() -> None:
    (base,) = values("FROM")
    version = re.fullmatch(r"python:(\d+)\.(\d+)-slim-bookworm", base)
    least = re.fullmatch(r">=(\d+)\.(\d+)", PROJECT["project"]["requires-python"])
    assert version
    assert least
    assert tuple(map(int, version.groups())) >= tuple(map(int, least.groups()))


def test_it_runs_llt_as_a_user_without_rights() -> None:
    named = [found.name for found in instructions()]
    assert named.count("USER") == 1
    assert named.index("USER") > max(place for place, name in enumerate(named) if name in ("RUN", "COPY"))
    (user,) = values("USER")
    assert user not in ("root", "0")
    assert any(re.fullmatch(rf"useradd .*\b{user}", step) for step in steps())
    (folder,) = values("WORKDIR")
    (entry,) = values("ENTRYPOINT")
    assert json.loads(entry) == [f"{folder}/.venv/bin/llt"]
    assert "llt" in PROJECT["project"]["scripts"]


def test_only_what_a_worker_needs_is_installed() -> None:
    (extras,) = re.findall(r"\bEXTRAS=(\S+)", " ".join(values("ARG")))
    assert set(extras.split(",")) == {"workers", "offline", "aws"}


def test_its_environment_says_where_a_worker_serves_its_health() -> None:
    assert Settings.load(environment()).metrics_port
    (check,) = values("HEALTHCHECK")
    program, script = json.loads(check.partition("CMD")[2])
    assert program == ".venv/bin/python"
    assert (ROOT / script).exists()
