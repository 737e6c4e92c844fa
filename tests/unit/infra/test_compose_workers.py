"""The workers in docker-compose.yml, as far as they can be tried without Docker."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from dotenv import dotenv_values

from cli.main import app
from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon.timeouts import Timeouts
from processors.stages import STAGES
from shared.aws import Aws
from shared.settings import Settings
from tests.unit.infra.dockerfile import environment

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
WORKERS = {name: service for name, service in SERVICES.items() if name not in ("localstack", "streams")}
OURS = {name: service for name, service in SERVICES.items() if name != "localstack"}


def interpolated(value: str, environ: dict[str, str]) -> str:
    """The value as Compose reads it where this is set: `${NAME:-default}`."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: environ.get(found[1]) or found[2], value)


def container(name: str, env_file: str, shell: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment that a service gets with such a .env, started from such a shell, on top of the image's."""
    (given,) = SERVICES[name]["env_file"]
    (folder / given["path"]).write_text(env_file, encoding="utf-8")
    read = {key: value or "" for key, value in dotenv_values(folder / given["path"]).items()}
    # Compose reads .env for what it fills in too, and the shell goes before.
    filled = {key: interpolated(value, read | shell) for key, value in SERVICES[name]["environment"].items()}
    return environment() | read | filled


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
    arguments = parsed(shlex.split(interpolated(SERVICES[name]["command"], {})))
    if name in WORKERS:
        assert Application.of(arguments["stages"], Settings()).label == name


@pytest.mark.parametrize("words", [["worker"], ["worker", "dedup", "--quickly"], ["streams", "make"]])
def test_others_would_be_refused(words: list[str]) -> None:
    with pytest.raises(typer.TyperException):
        parsed(words)


def test_every_stage_has_one_service() -> None:
    assert [service["command"] for service in WORKERS.values()] == [f"worker {stage}" for stage in STAGES]


@pytest.mark.parametrize(("environ", "shards"), [({}, 4), ({"SHARDS": "9"}, 9)])
def test_each_stream_has_shards_for_several_workers(environ: dict[str, str], shards: int) -> None:
    words = shlex.split(interpolated(SERVICES["streams"]["command"], environ))
    assert words[:2] == ["streams", "create"]
    assert parsed(words)["shards"] == shards


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
    limits = Timeouts()
    assert int(seconds) > limits.drain + limits.lease_release
    assert WORKERS[name]["init"] is True


def test_one_service_builds_the_image_of_all() -> None:
    assert {service["image"] for service in OURS.values()} == {"low-latency-translate"}
    assert [name for name, service in OURS.items() if "build" in service] == ["streams"]
    assert {service["pull_policy"] for service in WORKERS.values()} == {"never"}


@pytest.mark.parametrize("name", OURS)
def test_settings_come_from_a_file_that_may_be_missing(name: str, tmp_path: Path) -> None:
    (given,) = SERVICES[name]["env_file"]
    assert given == {"path": ".env", "required": False}
    settings = Settings.load(container(name, "STREAM_PREFIX=talks\nKCL_FAILOVER_TIME=9\n", {}, tmp_path))
    assert (settings.stream_prefix, settings.kcl_failover_time) == ("talks", 9)


#: A file that is for this machine, and a shell that is for AWS.
OWN_FILE = """
STREAMS=memory
AWS_ENDPOINT_URL=http://localhost:4566
AWS_ENDPOINT_URL_KINESIS=http://localhost:4566
AWS_ENDPOINT_URL_DYNAMODB=http://localhost:4566
AWS_REGION=eu-west-1
AWS_PROFILE=work
METRICS_PORT=0
METRICS_ADDRESS=127.0.0.1
"""
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OWN_SHELL = {
    "AWS_ENDPOINT_URL": "http://localhost:4566",
    "AWS_PROFILE": "work",
    **dict.fromkeys(KEYS, "mine"),
}


@pytest.mark.parametrize("name", OURS)
def test_the_environment_leads_to_the_localstack_beside_it(name: str, tmp_path: Path) -> None:
    given = container(name, OWN_FILE, OWN_SHELL, tmp_path)
    assert Settings.load(given).streams == "kinesis"
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL_DYNAMODB"):
        assert given[variable] == "http://localstack:4566"
    # No profile of this machine is looked for.
    assert Aws(given).region == "eu-west-1"


@pytest.mark.parametrize("name", OURS)
def test_nobodys_own_keys_go_there(name: str, tmp_path: Path) -> None:
    own_file = OWN_FILE + "".join(f"{key}=mine\n" for key in KEYS)
    given = container(name, own_file, OWN_SHELL, tmp_path)
    assert [given[key] for key in KEYS] == ["test", "test", ""]
    assert "mine" not in given.values()


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_serves_its_health_where_the_check_of_the_image_looks(name: str, tmp_path: Path) -> None:
    assert "healthcheck" not in WORKERS[name]
    given = container(name, OWN_FILE, OWN_SHELL, tmp_path)
    assert [given[key] for key in ("METRICS_ADDRESS", "METRICS_PORT")] == [
        environment()[key] for key in ("METRICS_ADDRESS", "METRICS_PORT")
    ]


def test_what_serves_nothing_is_not_checked() -> None:
    assert SERVICES["streams"]["healthcheck"] == {"disable": True}
