"""The workers in docker-compose.yml, as far as they can be tried without Docker."""

from __future__ import annotations

import json
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
from tests.unit.infra.dockerfile import environment, values

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
WORKERS = {name: service for name, service in SERVICES.items() if name not in ("localstack", "streams", "llt")}
OURS = {name: service for name, service in SERVICES.items() if name != "localstack"}


def interpolated(value: str, environ: dict[str, str]) -> str:
    """The value as Compose reads it where this is set: `${NAME:-default}`."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: environ.get(found[1]) or found[2], value)


def container(name: str, env_file: str, shell: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment that a service gets with such a .env, started from such a shell, on top of the image's."""
    assert "env_file" not in SERVICES[name]
    (folder / ".env").write_text(env_file, encoding="utf-8")
    # Compose reads .env for what it fills in, and for what has no value here; the shell goes before.
    given = {key: value or "" for key, value in dotenv_values(folder / ".env").items()} | shell
    filled = {
        key: given.get(key) if value is None else interpolated(value, given)
        for key, value in SERVICES[name]["environment"].items()
    }
    return environment(SERVICES[name]["build"]["target"]) | {k: v for k, v in filled.items() if v is not None}


def parsed(words: list[str]) -> dict[str, Any]:
    """The arguments that the command takes from these words; raises what a user of `llt` would be told."""
    command: Any = typer.main.get_command(app)
    context = None
    while hasattr(command, "resolve_command"):
        context = command.make_context(command.name, list(words), parent=context)
        _, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
    found: dict[str, Any] = command.make_context(command.name, list(words), parent=context).params
    return found


@pytest.mark.parametrize("name", [name for name in OURS if name != "llt"])
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
    assert (parsed(words)["shards"], parsed(words)["keep"]) == (shards, True)


@pytest.mark.parametrize("name", WORKERS)
def test_there_can_be_several_workers_of_a_stage(name: str) -> None:
    # Each of these can be had once only.
    assert not WORKERS[name].keys() & {"container_name", "hostname", "ports", "volumes", "network_mode"}


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_starts_once_its_stream_is_there_and_again_where_it_failed(name: str) -> None:
    assert WORKERS[name]["depends_on"] == {"streams": {"condition": "service_healthy"}}
    assert WORKERS[name]["restart"] == "on-failure"
    assert SERVICES["streams"]["depends_on"] == {"localstack": {"condition": "service_healthy"}}
    assert SERVICES["streams"]["restart"] == "on-failure"


def test_the_health_of_what_makes_the_streams_is_that_they_are_there() -> None:
    kind, program, *words = SERVICES["streams"]["healthcheck"]["test"]
    assert (kind, [program]) == ("CMD", json.loads(values("ENTRYPOINT")[-1]))
    assert words[:2] == ["streams", "list"]
    assert parsed(words)["check"] is True


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_has_the_time_to_drain_and_gets_the_signal(name: str) -> None:
    (seconds,) = re.fullmatch(r"(\d+)s", WORKERS[name]["stop_grace_period"]).groups()  # type: ignore[union-attr]
    limits = Timeouts()
    assert int(seconds) > limits.drain + limits.lease_release
    assert WORKERS[name]["init"] is True


@pytest.mark.parametrize("name", OURS)
def test_each_service_has_the_image_that_it_needs(name: str) -> None:
    target = "worker" if name in WORKERS else "llt"
    assert OURS[name]["build"] == {"context": ".", "target": target}
    # One tag made by several builds at once is refused by Docker's newer image store.
    assert "image" not in OURS[name]
    assert OURS[name]["pull_policy"] == "build"


def test_any_command_runs_beside_them_where_it_is_asked_for() -> None:
    assert SERVICES["llt"]["profiles"] == ["commands"]
    assert "command" not in SERVICES["llt"]


#: Settings that say where a container is, what is beside it, or what is on this machine: its ports, its engines, which
#: may want an account of AWS or a file.
OF_THIS_MACHINE = {"STREAMS", "RECOGNISER", "TRANSLATOR", "SYNTHESIZER", "METRICS_ADDRESS", "METRICS_PORT"}
EXAMPLE = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", OURS)
def test_of_every_setting_it_is_decided_whether_it_reaches_the_containers(name: str) -> None:
    settings = {setting for setting, *_ in Settings().describe()}
    assert set(EXAMPLE) == settings | {name for name in EXAMPLE if name.startswith("AWS_")}
    passed = {setting for setting, value in SERVICES[name]["environment"].items() if value is None}
    assert passed == settings - OF_THIS_MACHINE


@pytest.mark.parametrize("name", OURS)
def test_settings_come_from_a_file_or_the_shell(name: str, tmp_path: Path) -> None:
    settings = Settings.load(
        container(name, "STREAM_PREFIX=talks\nKCL_FAILOVER_TIME=9\n", {"KCL_FAILOVER_TIME": "8"}, tmp_path)
    )
    assert (settings.stream_prefix, settings.kcl_failover_time) == ("talks", 8)


#: A file, and a shell, that are for this machine.
OWN_FILE = """
STREAMS=memory
RECOGNISER=scripted:/home/me/talk.jsonl
TRANSLATOR=aws
SYNTHESIZER=polly
AWS_ENDPOINT_URL=http://localhost:4566
AWS_ENDPOINT_URL_KINESIS=http://localhost:4566
AWS_REGION=eu-west-1
AWS_PROFILE=work
AWS_SHARED_CREDENTIALS_FILE=/home/me/credentials
AWS_ACCESS_KEY_ID=mine
AWS_SECRET_ACCESS_KEY=mine
METRICS_PORT=0
METRICS_ADDRESS=127.0.0.1
XDG_CACHE_HOME=/home/me/.cache
"""
OWN_SHELL = {
    "AWS_ENDPOINT_URL": "http://localhost:4566",
    "AWS_PROFILE": "work",
    "AWS_CA_BUNDLE": "/home/me/ca.pem",
    "AWS_SESSION_TOKEN": "mine",
    "HTTPS_PROXY": "http://127.0.0.1:3128",
    "JAVA_HOME": "/home/me/java",
}


@pytest.mark.parametrize("name", OURS)
def test_what_is_for_this_machine_stays_there(name: str, tmp_path: Path) -> None:
    given = container(name, OWN_FILE, OWN_SHELL, tmp_path)
    assert not [value for value in given.values() if re.search(r"localhost|127\.0|/home/me|mine|work$", value)]
    assert given.keys() - environment(OURS[name]["build"]["target"]).keys() == {
        "STREAMS",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }
    settings = Settings.load(given)
    assert (settings.streams, settings.recogniser) == ("kinesis", Settings().recogniser)
    # It leads to the LocalStack beside it, with nobody's own keys; no profile of this machine is looked for.
    assert given["AWS_ENDPOINT_URL"] == "http://localstack:4566"
    assert given["AWS_ACCESS_KEY_ID"] == given["AWS_SECRET_ACCESS_KEY"] == "test"
    assert Aws(given).region == "eu-west-1"


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_serves_its_health_where_the_check_of_the_image_looks(name: str, tmp_path: Path) -> None:
    assert "healthcheck" not in WORKERS[name]
    given = container(name, OWN_FILE, OWN_SHELL, tmp_path)
    assert [given[key] for key in ("METRICS_ADDRESS", "METRICS_PORT")] == [
        environment()[key] for key in ("METRICS_ADDRESS", "METRICS_PORT")
    ]
