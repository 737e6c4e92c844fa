"""What .pre-commit-config.yaml has git run before a commit."""

from __future__ import annotations

import pytest

from tests.unit.project.hooks import CONFIG, HOOKS, OWN

pytestmark = pytest.mark.hermetic


def test_the_tools_are_those_of_the_checkouts_environment() -> None:
    assert set(OWN) == {"ruff-check", "ruff-format", "mypy", "commit-subject"}
    assert all(HOOKS[id]["entry"].startswith(".venv/bin/python -m ") for id in OWN)


def test_git_is_given_both_kinds_of_hooks() -> None:
    stages = {stage for hook in HOOKS.values() for stage in hook.get("stages", CONFIG["default_stages"])}
    assert stages == set(CONFIG["default_install_hook_types"])


def test_what_comes_from_the_index_is_pinned() -> None:
    needed = [need for id, hook in HOOKS.items() if id not in OWN for need in hook["additional_dependencies"]]
    assert needed
    assert [need for need in needed if need.count("==") != 1] == []
