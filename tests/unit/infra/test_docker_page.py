"""What docs/docker.md says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import Settings
from tests.unit.cli.conftest import llt
from tests.unit.cli.outcome import Llt
from tests.unit.infra.dockerfile import environment, targets, values

__all__ = ["llt"]

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "docker.md").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
COMMANDS = [line.partition("#")[0] for line in re.findall(r"^    (\S.*)$", FENCED.sub("", PAGE), re.MULTILINE)]


def rows(heading: str) -> list[str]:
    """The first cells of the table under a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)


def test_the_table_of_services_is_that_of_compose() -> None:
    assert {name for row in rows("The whole pipeline") for name in re.findall(r"`(\w+)`", row)} == SERVICES.keys()


def test_the_settings_that_stay_here_are_those_that_compose_does_not_pass() -> None:
    named = {name for row in rows("Which settings reach the containers") for name in re.findall(r"`(\w+)`", row)}
    settings = {name for name, *_ in Settings().describe()}
    passed = {name for name, value in SERVICES["transcribe"]["environment"].items() if value is None}
    assert named & settings == settings - passed


def test_every_command_is_one_that_there_is(llt: Llt) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for words in map(shlex.split, COMMANDS):
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE)
        elif words[:2] == ["docker", "build"]:
            assert words[words.index("--target") + 1] in targets()
        elif words[:3] == ["docker", "compose", "run"]:
            assert words[4] in SERVICES
            assert llt(*words[5:], "--help").code == 0
        else:
            assert words[:3] == ["docker", "compose", "up"]
            named = [re.split("=", word)[0] for word in words[3:] if not word.startswith("--")]
            assert set(named) <= SERVICES.keys()


def test_the_figures_are_those_of_the_files() -> None:
    (user,) = values("USER")
    assert f"user and group {user.partition(':')[0]}" in PAGE
    (port,) = re.findall(r"at port (\d+), and its health", PAGE)
    assert environment()["METRICS_PORT"] == port
    (seconds,) = re.findall(r"docker stop -t (\d+)", PAGE)
    assert SERVICES["dedup"]["stop_grace_period"] == f"{seconds}s"


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_example_of_an_override_changes_a_worker() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for name, service in yaml.safe_load(example)["services"].items():
        assert SERVICES[name]["command"] == f"worker {name}"
        assert Settings.load(service["environment"]) != Settings()
