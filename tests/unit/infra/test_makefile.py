"""Which tests each suite of make runs, and which suites CI does."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from tests.support.checkout import ROOT
from tests.support.makefile import commands
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

PYTEST = ".venv/bin/python -m pytest"
TESTED = "not kcl and not emulated and not long and not image and not soak"
SOAKED = "slow or long or soak"
CHECKED = "hermetic and not slow and not long and not kcl"
SIDE_BY_SIDE = f"{PYTEST} --numprocesses 4 --dist worksteal"
ONE_BY_ONE = f"{PYTEST} --numprocesses 4 --dist loadgroup"
#: What may stand beside the size of a test.
BESIDE = ("slow", "long", "emulated", "kcl", "alone", "image")
#: The suites, each with the lines of pytest that make runs for it.
SUITES = {
    "check": [f'EFFORT=check {PYTEST} --numprocesses 2 --dist worksteal -m "{CHECKED}"'],
    "test": [f'{SIDE_BY_SIDE} -m "{TESTED}"'],
    "test-long": [
        f'{ONE_BY_ONE} -m "long and not (kcl or alone or soak)"',
        f'{PYTEST} -m "long and alone and not soak"',
    ],
    "test-aws": [f'{ONE_BY_ONE} -m "emulated and not soak"'],
    "test-kcl": [
        f'{ONE_BY_ONE} -m "kcl and not ({SOAKED} or alone)"',
        f'{PYTEST} -m "kcl and alone and not ({SOAKED})"',
    ],
    "image-steps": [f"{PYTEST} -m image"],
}


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_runs_what_its_markers_say(suite: str) -> None:
    assert [line for line in commands(suite) if "-m pytest" in line] == SUITES[suite]


def chooses(expression: str, marks: set[str]) -> bool:
    return Expression.compile(expression).evaluate(lambda name, /, **_: name in marks)


def test_whatever_its_markers_a_test_that_is_no_soak_runs_in_a_suite() -> None:
    chosen = [line.split(" -m ", 2)[2].strip('"') for lines in SUITES.values() for line in lines]
    for size, *beside in product(("hermetic", "system"), *((name, "") for name in BESIDE)):
        marks = {size, *beside}
        # What is alone is long, or of KCL; and there what takes seconds is for the soak.
        if ("alone" not in marks or marks & {"long", "kcl"}) and not ("kcl" in marks and marks & {"slow", "long"}):
            assert any(chooses(run, marks) for run in chosen), marks


def test_a_soak_is_in_no_suite_that_ci_runs_after_each_change() -> None:
    for suite in ("test", "test-long", "test-aws", "test-kcl"):
        for line in SUITES[suite]:
            for beside in product(*((name, "") for name in BESIDE)):
                assert not chooses(line.split(" -m ", 2)[2].strip('"'), {"system", "soak", *beside}), line


def test_coverage_is_of_the_same_tests_and_can_be_read_in_a_browser() -> None:
    *_, run = commands("coverage")
    assert run == f"{SUITES['test'][0]} --cov --cov-report=html --cov-report=term"


def test_a_check_looks_at_style_and_types_first() -> None:
    *before, tests = commands("check")
    assert tests == SUITES["check"][0]
    assert before == [*commands("lint"), commands("typecheck")[-1]]


def test_what_kcl_workers_need_is_installed_before_their_tests_run_and_not_for_the_others() -> None:
    script = "bash infra/local/kcl/install.sh"
    run = commands("test-kcl")
    before = run[: run.index(SUITES["test-kcl"][0])]
    assert before.index("bash infra/local/install.sh") < before.index(script)
    assert "bash infra/local/localstack/install.sh" in before
    assert script not in commands("test")


CONFORMANCE = f"EFFORT=soak {PYTEST} --numprocesses 2 --dist worksteal --timeout 3600 -m hermetic"
SOAKS = {
    "soak-conformance": [CONFORMANCE],
    "soak-pipeline": [
        f'{ONE_BY_ONE} -m "soak and not (kcl or emulated or alone)"',
        f'{PYTEST} -m "soak and alone and not (kcl or emulated)"',
    ],
    "soak-aws": [
        f'{ONE_BY_ONE} -m "emulated and soak"',
        *(f".venv/bin/python -m tests.benchmarks.{name}" for name in ("transcribe_streams", "translate_parallel")),
    ],
    "soak-kcl": [
        f'{ONE_BY_ONE} -m "kcl and not alone and ({SOAKED})"',
        f'{PYTEST} -m "kcl and alone and ({SOAKED})"',
        ".venv/bin/python -m tests.benchmarks.kcl",
    ],
}


@pytest.mark.parametrize("soak", SOAKS)
def test_a_soak_is_for_a_person_to_run(soak: str) -> None:
    run = commands(soak)
    assert run[-len(SOAKS[soak]) :] == SOAKS[soak]
    assert soak not in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_all_benchmarks_run_or_those_that_are_named_and_only_a_hop_wants_java() -> None:
    java = "bash infra/local/kcl/install.sh"
    everything, codec, hop = commands("bench"), commands("bench", "ONLY=codec"), commands("bench", "ONLY=hop")
    assert [run[-1] for run in (everything, codec, hop)] == [
        f".venv/bin/python -m tests.benchmarks {name}" for name in ("", "codec", "hop")
    ]
    assert [java in run for run in (everything, codec, hop)] == [True, False, True]


def test_ci_runs_every_suite_and_checks_on_every_python_that_is_found() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    targets = re.findall(r"^ *run (.*)$", script, re.MULTILINE)
    words = " ".join(targets).replace("--jobs 2 --output-sync ", "").split()
    assert words[:3] == ["setup", "localstack-environment", "setup-kcl"]
    assert words[3:5] == ["check", 'PYTHON="$python"']
    assert sorted(words[5:]) == sorted(suite for suite in SUITES if suite != "check")


class Ci:
    """.ci/run with a stand-in for make, on a machine that has only what the script itself calls in PATH."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in ("bash", "dirname"):
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        self.has("make", '[ "$1" != test ] || exit 2')

    def has(self, name: str, script: str) -> Path:
        place = self.bin / name
        place.write_text(f"#!/bin/sh\n{script}\n")
        place.chmod(0o700)
        return place

    def run(self) -> tuple[int, list[str]]:
        """Its exit code, and what it says at its end."""
        ended = subprocess.run(
            [ROOT / ".ci/run"],
            env={"PATH": str(self.bin), "PYENV_ROOT": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        assert ended.stderr == ""
        return ended.returncode, ended.stdout.splitlines()


@pytest.fixture
def ci(tmp_path: Path) -> Ci:
    return Ci(tmp_path)


def test_ci_ends_at_the_first_target_that_fails_and_says_how_long_each_took(ci: Ci) -> None:
    python = ci.has("python3.12", 'case "$*" in *version_info*) echo 3.12 ;; esac')
    code, (blank, *lines) = ci.run()
    assert (code, blank) == (1, "")
    assert [re.sub(r"^ *\d+ s  ", "", line) for line in lines] == [
        "make setup",
        "make --jobs 2 --output-sync localstack-environment setup-kcl",
        f"make check PYTHON={python}",
        "make test, which failed",
    ]


def test_ci_checks_what_it_installed_where_it_finds_none_of_the_pythons(ci: Ci) -> None:
    _, lines = ci.run()
    assert lines[3].endswith(" s  make check PYTHON=")


def test_the_demo_runs_on_emulators_where_the_engines_of_aws_are_asked_for() -> None:
    usual = commands("demo")[-1]
    assert "emulate" not in usual
    *_, emulated = commands("demo", "ENGINES=aws")
    before, _, after = emulated.partition(" .venv/bin/python -m cli emulate -- ")
    assert before.split() == ["exec", "env", "RECOGNISER=aws", "TRANSLATOR=aws", "SYNTHESIZER=polly"]
    assert after.split() == usual.split()[1:]
    assert commands("emulate")[-1] == "exec .venv/bin/python -m cli emulate"


def test_other_engines_are_refused_by_the_makefile() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        commands("demo", "ENGINES=other")
    assert "ENGINES=other: expected aws" in caught.value.stderr
