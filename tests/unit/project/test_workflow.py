"""What the workflow runs, and on what."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.support.checkout import ROOT

pytestmark = pytest.mark.hermetic

TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
WORKFLOW: dict[str, Any] = yaml.safe_load(TEXT)
MAKE = WORKFLOW["jobs"]["make"]
MATRIX = MAKE["strategy"]["matrix"]
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_it_checks_and_tests_on_each_python_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert [version.rpartition(".")[0] for version in MATRIX["python"]] == named
    assert MATRIX["target"] == ["check", "test"]


def test_the_long_suites_run_on_the_oldest() -> None:
    assert {one["python"] for one in MATRIX["include"]} == {MATRIX["python"][0]}
    assert [one["target"] for one in MATRIX["include"]] == [
        "coverage",
        "test-long",
        "test-aws",
        "test-kcl",
        "image-steps",
    ]


def test_the_steps_of_the_image_may_run_as_another_user_and_as_process_1() -> None:
    assert MAKE["container"]["options"] == "${{ matrix.options }}"
    assert {one["target"]: one["options"] for one in MATRIX["include"] if "options" in one} == {
        "image-steps": "--privileged"
    }


def test_every_target_that_it_makes_exists() -> None:
    assert MAKE["steps"][-1]["run"].startswith("make ${{ matrix.target }} ")
    targets = {*MATRIX["target"], *(one["target"] for one in MATRIX["include"])}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets <= set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))


def test_what_it_runs_on_and_with_is_named_by_a_whole_version() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@v\d+\.\d+\.\d+", name)] == []
    assert [version for version in MATRIX["python"] if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert [job["runs-on"] for job in WORKFLOW["jobs"].values() if "latest" in job["runs-on"]] == []


def test_it_may_read_and_keeps_no_token() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [job for job in WORKFLOW["jobs"].values() if "permissions" in job] == []
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(WORKFLOW["jobs"])


def test_its_caches_follow_the_pins() -> None:
    (cache,) = [step["with"] for step in STEPS if step.get("uses", "").startswith("actions/cache@")]
    assert "hashFiles('**/constraints.txt')" in cache["key"]
    assert cache["path"] == MAKE["env"]["XDG_CACHE_HOME"]


def test_no_job_is_without_an_end() -> None:
    assert [name for name, job in WORKFLOW["jobs"].items() if not job.get("timeout-minutes")] == []
