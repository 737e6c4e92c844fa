"""The image's health check against what a worker serves."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from processors.hosts.kcl.daemon.health import Health
from processors.hosts.kcl.daemon.status import WorkerState, WorkerStatus
from tests.support.waiting import TIMEOUT
from tests.unit.infra.dockerfile import values

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]


def check(port: int | str) -> subprocess.CompletedProcess[str]:
    (found,) = values("HEALTHCHECK")
    _, script = json.loads(found.partition("CMD")[2])
    return subprocess.run(
        [sys.executable, ROOT / script],
        env=os.environ | {"METRICS_PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


@pytest.mark.parametrize(
    ("state", "code"), [(WorkerState.RUNNING, 0), (WorkerState.STARTING, 1), (WorkerState.DRAINING, 1)]
)
def test_a_container_is_as_well_as_its_worker(tmp_path: Path, state: WorkerState, code: int) -> None:
    status = WorkerStatus("audio-transcription-dedup", "dedup", "here-1", state)
    with Health(status, "127.0.0.1", 0, tmp_path) as served:
        ended = check(served.port)
    assert (ended.returncode, ended.stderr) == (code, "")
    answered, _, body = ended.stdout.partition(" ")
    assert answered == ("503" if code else "200")
    assert json.loads(body)["state"] == state


def test_one_without_a_worker_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    ended = check(port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("no worker answers on METRICS_PORT: ")


@pytest.mark.parametrize("port", ["", "here"])
def test_one_that_does_not_say_where_its_worker_serves_is_not_well(port: str) -> None:
    ended = check(port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1
