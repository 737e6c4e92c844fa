"""Which tests `make test`, `make test-aws`, `make test-kcl` and CI run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
PYTEST = ".venv/bin/python -m pytest"
SIDE_BY_SIDE = f"{PYTEST} --numprocesses 3 --dist worksteal"
KCL = f'{SIDE_BY_SIDE} -m "kcl and not alone"', f'{PYTEST} -m "kcl and alone"'


def commands(target: str, *variables: str) -> list[str]:
    """What make would run for a target, what it depends on first."""
    # Make itself may run these tests, and tells a make inside it how to behave.
    own = {name: value for name, value in os.environ.items() if not re.match("MAKE|MFLAGS$|PYTHON$", name)}
    shown = subprocess.run(
        ["make", "-n", target, *variables],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    return shown.stdout.splitlines()


def test_every_test_runs_in_one_of_the_three() -> None:
    together, alone = commands("test")[-2:]
    assert together == f'{SIDE_BY_SIDE} -m "not kcl and not emulated and not alone and not image" --cov'
    assert alone == f'{PYTEST} -m "alone and not kcl" --cov --cov-append'
    assert f"{SIDE_BY_SIDE} -m emulated" in commands("test-aws")
    assert set(KCL) <= set(commands("test-kcl"))


def test_what_kcl_workers_need_is_installed_before_their_tests_run_and_not_for_the_others() -> None:
    script = "bash infra/local/kcl/install.sh"
    run = commands("test-kcl")
    before = run[: run.index(KCL[0])]
    assert before.index("bash infra/local/install.sh") < before.index(script)
    assert "bash infra/local/localstack/install.sh" in before
    assert script not in commands("test")


def test_kcl_workers_are_measured_once_their_tests_have_passed() -> None:
    *_, together, alone, measurements = commands("test-kcl")
    assert (together, alone) == KCL
    assert measurements == commands("bench-kcl")[-1]
    assert measurements == ".venv/bin/python -m tests.benchmarks.kcl"


def test_the_aws_engines_are_measured_once_their_tests_have_passed() -> None:
    *_, tests, streams, languages = commands("test-aws")
    assert [tests, streams, languages] == [f"{SIDE_BY_SIDE} -m emulated", *commands("bench-aws")[-2:]]
    assert streams.endswith("-m tests.benchmarks.transcribe_streams")
    assert languages.endswith("-m tests.benchmarks.translate_parallel")


def test_all_benchmarks_run_or_those_that_are_named_and_only_a_hop_wants_java() -> None:
    java = "bash infra/local/kcl/install.sh"
    everything, codec, hop = commands("bench"), commands("bench", "ONLY=codec"), commands("bench", "ONLY=hop")
    assert [run[-1] for run in (everything, codec, hop)] == [
        f".venv/bin/python -m tests.benchmarks {name}" for name in ("", "codec", "hop")
    ]
    assert [java in run for run in (everything, codec, hop)] == [True, False, True]


def test_ci_runs_all_and_then_looks_at_style_and_types() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r"^make (.*)$", script, re.MULTILINE) == ["test", "test-aws", "test-kcl", "lint typecheck"]
    # The first that fails ends it.
    assert "set -e" in script


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
