"""What docs/docker.md says is so."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from shared.settings import Settings
from tests.unit.docs.document import Document
from tests.unit.docs.llt import unknown_to_llt
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT
from tests.unit.infra.dockerfile import environment, targets, values

pytestmark = pytest.mark.hermetic

PAGE = "docs/docker.md"
TEXT = Document(PAGE).text
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]


def names(*head: str) -> set[str]:
    """What the first column of the table with this head names."""
    return {name for row in rows(PAGE, *head) for name in re.findall(r"`(\w+)`", row[0])}


def test_the_table_of_services_is_that_of_compose() -> None:
    assert names("service") == SERVICES.keys()


def test_the_settings_that_stay_here_are_those_that_compose_does_not_pass() -> None:
    settings = {name for name, *_ in Settings().describe()}
    passed = {name for name, value in SERVICES["transcribe"]["environment"].items() if value is None}
    assert names("what", "why") & settings == settings - passed


def test_what_docker_is_told_to_build_and_to_run_is_there() -> None:
    told = [shlex.split(line, comments=True)[1:] for line in Document(PAGE).lines if line.startswith("docker ")]
    for kind, *words in told:
        if kind == "build":
            assert words[words.index("--target") + 1] in targets()
        elif words[0] == "run":
            assert words[2] in SERVICES
            assert unknown_to_llt(words[3:]) == []
        else:
            assert (kind, words[0]) == ("compose", "up")
            assert {word.partition("=")[0] for word in words[1:] if not word.startswith("--")} <= SERVICES.keys()
    assert {words[1] for words in told if words[0] == "compose"} == {"up", "run"}


def test_the_figures_are_those_of_the_files() -> None:
    (user,) = values("USER")
    assert f"user and group {user.partition(':')[0]}" in TEXT
    (port,) = re.findall(r"at port (\d+), and its health", TEXT)
    assert environment()["METRICS_PORT"] == port
    (seconds,) = re.findall(r"docker stop -t (\d+)", TEXT)
    assert SERVICES["dedup"]["stop_grace_period"] == f"{seconds}s"


def test_the_example_of_an_override_changes_a_worker() -> None:
    (example,) = Document(PAGE).blocks("yaml")
    for name, service in yaml.safe_load(example)["services"].items():
        assert SERVICES[name]["command"] == f"worker {name}"
        assert Settings.load(service["environment"]) != Settings()
