"""CHANGELOG.md keeps to Keep a Changelog 1.1, and the version is that of its newest release."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
RELEASE = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})")
#: Keep a Changelog has these kinds of changes.
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def releases() -> list[tuple[tuple[int, int, int], date]]:
    """Each release's version and day, as they stand there."""
    found = [RELEASE.fullmatch(heading) for heading in HEADINGS[1:]]
    assert all(found), f"expected `[1.2.3] - 2026-01-31`, got {HEADINGS[1:]}"
    return [((int(match[1]), int(match[2]), int(match[3])), date.fromisoformat(match[4])) for match in found if match]


def test_what_is_unreleased_comes_first_then_the_newest_release() -> None:
    assert HEADINGS[0] == "[Unreleased]"
    versions, days = zip(*releases(), strict=True)
    assert list(versions) == sorted(set(versions), reverse=True)
    assert list(days) == sorted(days, reverse=True)
    assert days[0] <= date.today()


def test_the_version_is_that_of_the_newest_release() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ".".join(map(str, releases()[0][0]))


def test_each_change_stands_under_its_kind_each_kind_once_a_release() -> None:
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        heading, *kinds = re.split(r"^### ", section, flags=re.MULTILINE)
        assert "\n- " not in heading, f"expected every change under a kind, got {heading}"
        names = [kind.partition("\n")[0] for kind in kinds]
        assert names == [name for name in KINDS if name in names], f"expected kinds of {KINDS} in order, got {names}"
        assert all("\n- " in kind for kind in kinds), f"expected changes under each of {names}"
