"""What docs/install.md says of Pythons, extras and files is so."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.unit.docs.document import Document
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT

pytestmark = pytest.mark.hermetic

PAGE = "docs/install.md"
TEXT = Document(PAGE).text
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]


def test_every_extra_has_its_row_in_the_order_of_the_project() -> None:
    assert [row[0].strip("`") for row in rows(PAGE, "extra")] == [
        "workers",
        *(extra for extra in PROJECT["optional-dependencies"] if extra != "workers"),
    ]


def test_the_pythons_are_those_that_the_project_names() -> None:
    named = [found[1] for line in PROJECT["classifiers"] if (found := re.search(r"Python :: (3\.\d+)$", line))]
    assert f"Python {', '.join(named[:-1])} or {named[-1]}." in TEXT
    assert PYPROJECT["tool"]["mypy"]["python_version"] == named[0]
    assert f"takes the code for {named[0]}" in TEXT


def test_the_wheel_is_called_what_is_built() -> None:
    assert f"low_latency_translate-{PROJECT['version']}-py3-none-any.whl" in TEXT
    shipped = [name.rstrip("*") for name in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]
    *names, last = [f"`{name}`" for name in shipped]
    assert f"holds the packages {', '.join(names)} and {last}." in " ".join(TEXT.split())


def test_what_is_left_out_on_a_version_is_said() -> None:
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    (left_out,) = [line for line in extras if "python_version" in line]
    package, version = re.findall(r"^(\w+)==.*; python_version != '([\d.]+)'$", left_out)[0]
    assert re.search(rf"(?i){package} has no wheel for {re.escape(version)} and is left out there", TEXT)
