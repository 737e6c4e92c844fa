"""What an installation is made from: every package pinned, every address left to the machine."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[2]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PINNED = dict(re.findall(r"^([\w.-]+)==([\w.]+)$", CONSTRAINTS, re.MULTILINE))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(requirements: list[str]) -> set[str]:
    """The packages that requirements without a marker name."""
    return {canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requirements if ";" not in line}


def test_every_line_pins_one_version_and_names_no_address() -> None:
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    assert len(lines) == len(PINNED)


def test_every_package_of_every_extra_is_pinned_and_so_is_what_they_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    pinned = {canonical(name) for name in PINNED}
    wanted = needs(project["project"]["dependencies"] + [line for extra in extras for line in extra])
    for package in pinned:
        try:
            wanted |= needs(requires(package) or [])
        except PackageNotFoundError:
            # Not all of them are installed everywhere: microphone is no part of `make install`.
            continue
    assert wanted - pinned == set()
