"""The workers in docker-compose.yml, as far as they can be tried without Docker."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cli.main import app
from processors.hosts.kcl.application import STAGES, Application
from processors.hosts.kcl.daemon.supervisor import Limits
from shared.aws import Aws
from shared.settings import Settings
from tests.unit.infra.dockerfile import environment

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
WORKERS = {name: service for name, service in SERVICES.items() if name not in ("localstack", "streams")}
OURS = {name: service for name, service in SERVICES.items() if name != "localstack"}


def interpolated(value: str, environ: dict[str, str]) -> str:
    """The value as Compose reads it where this is set: `${NAME:-default}`."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: environ.get(found[1]) or found[2], value)


def parsed(words: list[str]) -> dict[str, Any]:
    """The arguments that the command takes from these words; raises what a user of `llt` would be told."""
    command: Any = typer.main.get_command(app)
    context = None
    while hasattr(command, "resolve_command"):
        context = command.make_context(command.name, list(words), parent=context)
        _, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
    found: dict[str, Any] = command.make_context(command.name, list(words), parent=context).params
    return found


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_that_llt_takes(name: str) -> None:
    arguments = parsed(shlex.split(SERVICES[name]["command"]))
    if name in WORKERS:
        assert Application.of(arguments["stages"], Settings()).label == name


@pytest.mark.parametrize("words", [["worker"], ["worker", "dedup", "--quickly"], ["streams", "make"]])
def test_others_would_be_refused(words: list[str]) -> None:
    with pytest.raises(typer.TyperException):
        parsed(words)


def test_every_stage_has_one_service() -> None:
    assert [service["command"] for service in WORKERS.values()] == [f"worker {stage}" for stage in STAGES]
    assert SERVICES["streams"]["command"] == "streams create"


@pytest.mark.parametrize("name", WORKERS)
def test_there_can_be_several_workers_of_a_stage(name: str) -> None:
    # Each of these can be had once only.
    assert not WORKERS[name].keys() & {"container_name", "hostname", "ports", "volumes", "network_mode"}


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_starts_once_its_stream_is_there_and_again_where_it_failed(name: str) -> None:
    assert WORKERS[name]["depends_on"] == {"streams": {"condition": "service_completed_successfully"}}
    assert WORKERS[name]["restart"] == "on-failure"
    assert SERVICES["streams"]["depends_on"] == {"localstack": {"condition": "service_healthy"}}
    # Or it would be made again, and never be completed.
    assert "restart" not in SERVICES["streams"]


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_has_the_time_to_drain_and_gets_the_signal(name: str) -> None:
    (seconds,) = re.fullmatch(r"(\d+)s", WORKERS[name]["stop_grace_period"]).groups()  # type: ignore[union-attr]
    limits = Limits()
    assert int(seconds) > limits.drain + limits.release
    assert WORKERS[name]["init"] is True


def test_one_service_builds_the_image_of_all() -> None:
    assert {service["image"] for service in OURS.values()} == {"low-latency-translate"}
    assert [name for name, service in OURS.items() if "build" in service] == ["streams"]
    assert {service["pull_policy"] for service in WORKERS.values()} == {"never"}


@pytest.mark.parametrize("name", OURS)
def test_the_environment_leads_to_the_localstack_beside_it(name: str) -> None:
    # What leads this machine to its own LocalStack leads nowhere in a container.
    own = {"AWS_ENDPOINT_URL": "http://localhost:4566", "AWS_REGION": "eu-west-1"}
    given = {variable: interpolated(value, own) for variable, value in SERVICES[name]["environment"].items()}
    assert Settings.load(given).streams == "kinesis"
    assert given["AWS_ENDPOINT_URL"] == "http://localstack:4566"
    assert Aws(given).region == "eu-west-1"


@pytest.mark.parametrize("name", OURS)
def test_the_keys_are_those_of_localstack_unless_others_are_set(name: str) -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for own, expected in (({}, "test"), (dict.fromkeys(keys, "mine"), "mine")):
        assert [interpolated(SERVICES[name]["environment"][key], own) for key in keys] == [expected, expected]


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_serves_its_health_where_the_check_of_the_image_looks(name: str) -> None:
    assert "healthcheck" not in WORKERS[name]
    merged = environment() | WORKERS[name]["environment"]
    assert merged["METRICS_PORT"] == environment()["METRICS_PORT"]


def test_what_serves_nothing_is_not_checked() -> None:
    assert SERVICES["streams"]["healthcheck"] == {"disable": True}
