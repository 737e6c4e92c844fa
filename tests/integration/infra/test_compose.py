"""LocalStack in docker-compose.yml, as far as it can be tried without Docker."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.localstack.server import LocalStack
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]


@pytest.fixture
def service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    localstack: dict[str, Any] = found["localstack"]
    return localstack


@pytest.fixture
def check(service: dict[str, Any]) -> Path:
    """The script of the health check: the one that is mounted where the check runs it."""
    kind, interpreter, script = service["healthcheck"]["test"]
    assert (kind, interpreter) == ("CMD", "/usr/local/bin/python3")
    mounted = dict(volume.removesuffix(":ro").split(":")[::-1] for volume in service["volumes"])
    return ROOT / str(mounted[script])


def run(check: Path, address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, check],
        env=os.environ | {"AWS_ENDPOINT_URL": address},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


def test_it_is_the_version_that_runs_without_docker(service: dict[str, Any]) -> None:
    pins = (ROOT / "infra/local/localstack/constraints.txt").read_text(encoding="utf-8")
    (version,) = re.findall(r"^localstack-core==(.*)$", pins, re.MULTILINE)
    assert service["image"] == f"localstack/localstack:{version}"


def test_it_starts_without_anything_else(service: dict[str, Any]) -> None:
    assert service.keys() == {"image", "ports", "environment", "volumes", "healthcheck"}


def test_it_is_reached_from_this_machine_only(service: dict[str, Any]) -> None:
    assert service["ports"] == ["127.0.0.1:4566:4566"]


def test_the_health_check_passes_where_localstack_runs(check: Path, localstack: LocalStack) -> None:
    ended = run(check, localstack.endpoint)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(rf"{localstack.endpoint}: kinesis running, dynamodb running, cloudwatch \w+\n", ended.stdout)


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "localhost"])
def test_the_health_check_fails_where_it_does_not(check: Path, host: str) -> None:
    ended = run(check, host)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"no LocalStack: .*\n", ended.stderr)


def test_the_health_check_imports_only_what_the_image_has(check: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(check.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    assert imported - sys.stdlib_module_names == {"localstack_client"}
