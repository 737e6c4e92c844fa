"""The image, as far as it can be tried without Docker."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.support.image_build import context
from tests.unit.infra.dockerfile import DEFAULT, environment, instructions, targets, values

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: What else a step may run.
PLAIN = ("rm -rf /var/lib/apt/lists/*", "groupadd ", "useradd ")
#: What is built to be run.
BUILT = ("llt", "worker")


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


@pytest.mark.parametrize("target", targets())
def test_what_is_copied_is_there_before_a_step_needs_it(target: str) -> None:
    copied: list[str] = []
    for name, value in instructions(target):
        if name == "COPY":
            *sources, _ = value.split()
            assert all((ROOT / source).is_file() or source == "." for source in sources)
            copied += sources
        for script in re.findall(r"bash (\S+)", value if name == "RUN" else ""):
            assert {".", script} & set(copied), script
            sourced = re.findall(r"^source (\S+)", (ROOT / script).read_text(encoding="utf-8"), re.MULTILINE)
            assert all({".", name} & set(copied) for name in sourced)


@pytest.mark.parametrize("target", BUILT)
def test_what_takes_long_is_installed_before_the_code_comes(target: str) -> None:
    made = instructions(target)
    code = next(place for place, found in enumerate(made) if found == ("COPY", ". ."))
    before = " ".join(found.value for found in made[:code] if found.name == "RUN")
    assert "bash infra/local/install.sh debian" in before
    assert "bash infra/local/install.sh dependencies" in before
    assert ("bash infra/local/kcl/install.sh package" in before) is (target == "worker")
    # A change of the code is none of what stands before it.
    earlier = {source for found in made[:code] if found.name == "COPY" for source in found.value.split()[:-1]}
    assert not [path for path in earlier if path.endswith(".py")]


def test_only_the_image_of_workers_has_java_and_a_health_check() -> None:
    assert not [step for value in values("RUN", "llt") for step in value.split("&&") if "kcl" in step]
    assert values("HEALTHCHECK", "llt") == []
    assert len(values("HEALTHCHECK", "worker")) == 1
    assert targets()[-1] == DEFAULT == "worker"
    assert set(BUILT) <= set(targets())


def test_it_gets_the_packages_and_what_installs_them_and_nothing_else() -> None:
    packages = {
        found.rstrip("*").partition(".")[0] for found in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    files = {"pyproject.toml", "constraints.txt", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert {path.parts[0] for path in context()} == packages | {"infra"} | files


def test_its_python_is_one_that_the_project_takes_by_its_full_version() -> None:
    (base,) = values("FROM")
    version = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-bookworm", base)
    least = re.fullmatch(r">=(\d+)\.(\d+)", PROJECT["project"]["requires-python"])
    assert version
    assert least
    assert tuple(map(int, version.groups())) >= tuple(map(int, least.groups()))


@pytest.mark.parametrize("target", BUILT)
def test_it_runs_llt_as_a_user_without_rights_who_is_a_number(target: str) -> None:
    named = [found.name for found in instructions(target)]
    assert named.count("USER") == 1
    assert named.index("USER") > max(place for place, name in enumerate(named) if name in ("RUN", "COPY"))
    (user,) = values("USER", target)
    uid, gid = user.split(":")
    assert int(uid) > 0 < int(gid)
    made = [step for value in values("RUN", target) for step in value.split(" && ")]
    assert f"groupadd --gid {gid} llt" in made
    assert f"useradd --uid {uid} --gid {gid} --create-home llt" in made
    (folder,) = values("WORKDIR", target)
    (entry,) = values("ENTRYPOINT", target)
    assert json.loads(entry) == [f"{folder}/.venv/bin/llt"]
    assert "llt" in PROJECT["project"]["scripts"]


def test_only_what_a_worker_needs_is_installed() -> None:
    assert set(environment()["EXTRAS"].split(",")) == {"workers", "offline", "aws"}


def test_its_environment_says_where_a_worker_serves_its_health() -> None:
    assert Settings.load(environment()).metrics_port
    (check,) = values("HEALTHCHECK")
    program, script = json.loads(check.partition("CMD")[2])
    assert program == ".venv/bin/python"
    assert (ROOT / script).exists()
