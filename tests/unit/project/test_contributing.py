"""CONTRIBUTING.md speaks of the tests, the markers and the rules that there are."""

from __future__ import annotations

import re
import tomllib

import pytest

from infra.commit_subject import LONGEST
from tests.support.checkout import ROOT

pytestmark = pytest.mark.hermetic

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests"


def test_each_test_that_it_names_is_one() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(named) > 5
    assert [name for name in sorted(named) if f"def {name}(" not in code] == []
    files = set(re.findall(r"`(test_\w+\.py)`", TEXT))
    assert files <= {path.name for path in TESTS.rglob("test_*.py")}


def test_it_says_what_each_folder_of_tests_holds() -> None:
    rows = re.findall(r"^\| \[tests/(\w+)/\]\(tests/\w+\) \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(path.name for path in TESTS.iterdir() if (path / "__init__.py").exists())


def test_it_says_what_each_marker_is_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    markers = {line.partition(":")[0] for line in project["tool"]["pytest"]["ini_options"]["markers"]}
    assert {marker for marker in markers if f"`{marker}`" not in TEXT} == set()


def test_its_rule_of_subjects_is_that_of_the_hook() -> None:
    assert re.findall(r"at most (\d+) characters", TEXT) == [str(LONGEST)]
