from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from processors.hosts.kcl.daemon.health import Health
from processors.hosts.kcl.daemon.heartbeats import Heartbeat, Heartbeats
from processors.hosts.kcl.daemon.status import WorkerState, WorkerStatus
from shared.errors import SetupError

pytestmark = pytest.mark.system

SHARD = "shardId-000000000000"
#: A process that measures, and lives until its standard input ends.
MEASURE = """
import sys
from shared.metrics import Metric
from shared.metrics.prometheus import PrometheusMetrics
metrics = PrometheusMetrics()
metrics.count(Metric.SEAMS, 2)
metrics.gauge(Metric.OPEN_OPERATORS, 3, stage="dedup")
metrics.observe(Metric.TRANSIT_LATENCY, 30)
print("measured", flush=True)
sys.stdin.read()
"""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def status(clock: Clock) -> WorkerStatus:
    return WorkerStatus("talks-dedup", "dedup", "host-1", heartbeats=Heartbeats(clock))


@pytest.fixture
def health(status: WorkerStatus, tmp_path: Path) -> Iterator[Health]:
    with Health(status, "127.0.0.1", 0, tmp_path) as served:
        yield served


def get(health: Health, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{health.port}{path}") as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_worker_is_well_while_it_runs_and_its_shards_give_heartbeats(
    health: Health, status: WorkerStatus, clock: Clock
) -> None:
    assert get(health, "/health")[0] == 503
    status.state = WorkerState.RUNNING
    assert get(health, "/health")[0] == 200
    status.heartbeats.record(Heartbeat(7, SHARD, "12", behind_ms=40))
    clock.now += 15
    assert get(health, "/health")[0] == 200
    clock.now += 1
    code, body = get(health, "/health")
    assert code == 503
    assert json.loads(body) == {
        "healthy": False,
        "application": "talks-dedup",
        "stage": "dedup",
        "worker": "host-1",
        "state": "running",
        "restarts": 0,
        "daemon_age": None,
        "starting": [],
        "shards": {SHARD: {"age": 16.0, "behind_ms": 40, "blocked": False, "released": "12"}},
    }
    status.heartbeats.forget(7)
    assert get(health, "/health")[0] == 200


def test_a_child_that_gives_no_heartbeat_is_not_well_after_a_while(
    health: Health, status: WorkerStatus, clock: Clock
) -> None:
    status.state = WorkerState.RUNNING
    status.heartbeats.track([7])
    clock.now += 15
    assert get(health, "/health")[0] == 200
    clock.now += 1
    # Seen again, it is no younger.
    status.heartbeats.track([7])
    code, body = get(health, "/health")
    assert (code, json.loads(body)["starting"], json.loads(body)["shards"]) == (503, [16.0], {})
    status.heartbeats.record(Heartbeat(7, ""))
    assert get(health, "/health")[0] == 200


def test_a_shard_that_is_named_after_the_first_heartbeat_is_one_child(status: WorkerStatus, clock: Clock) -> None:
    status.state = WorkerState.RUNNING
    status.heartbeats.record(Heartbeat(7, ""))
    clock.now += 10
    status.heartbeats.record(Heartbeat(7, SHARD))
    clock.now += 10
    assert status.healthy
    assert [heartbeat and heartbeat.shard for heartbeat, _ in status.heartbeats.ages().values()] == [SHARD]
    assert status.describe()["starting"] == []


def test_of_two_children_of_a_shard_the_older_one_counts_and_the_newer_one_is_shown(
    status: WorkerStatus, clock: Clock
) -> None:
    status.state = WorkerState.RUNNING
    status.heartbeats.record(Heartbeat(7, SHARD, "12"))
    clock.now += 16
    status.heartbeats.record(Heartbeat(8, SHARD, "13"))
    assert not status.healthy
    assert status.describe()["shards"][SHARD]["released"] == "13"


def test_a_daemon_that_stands_still_is_not_well(health: Health, status: WorkerStatus, clock: Clock) -> None:
    status.state = WorkerState.RUNNING
    status.heartbeats.record_daemon()
    clock.now += 75
    assert get(health, "/health")[0] == 200
    clock.now += 1
    code, body = get(health, "/health")
    assert (code, json.loads(body)["daemon_age"]) == (503, 76.0)
    status.heartbeats.record_daemon()
    assert get(health, "/health")[0] == 200


def test_while_nobody_listened_nothing_grew_old(status: WorkerStatus, clock: Clock) -> None:
    status.state = WorkerState.RUNNING
    status.heartbeats.record_daemon()
    status.heartbeats.track([7])
    status.heartbeats.record(Heartbeat(8, SHARD))
    clock.now += 100
    status.heartbeats.restart_clocks()
    assert status.healthy


@pytest.mark.parametrize("state", [WorkerState.STARTING, WorkerState.RESTARTING, WorkerState.DRAINING])
def test_it_is_not_well_while_it_does_not_run(health: Health, status: WorkerStatus, state: WorkerState) -> None:
    status.state = state
    code, body = get(health, "/health")
    assert (code, json.loads(body)["state"]) == (503, state)


def test_another_path_says_which_there_are(health: Health) -> None:
    assert get(health, "/") == (404, '{"error":"/: expected /health or /metrics"}')


def test_metrics_are_those_of_every_process(health: Health, tmp_path: Path) -> None:
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    children = [
        subprocess.Popen([sys.executable, "-c", MEASURE], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == b"measured\n"
        _, said = get(health, "/metrics")
        assert "Seams_total 4.0" in said
        assert 'OpenOperators{stage="dedup"} 6.0' in said
        assert 'TransitLatency_bucket{le="40.0"} 2.0' in said
        children[0].send_signal(signal.SIGKILL)
        children[0].wait()
        _, said = get(health, "/metrics")
        # What was counted stays so; what a process that is gone holds is gone too.
        assert "Seams_total 4.0" in said
        assert 'OpenOperators{stage="dedup"} 3.0' in said
    finally:
        for child in children:
            child.kill()
            child.communicate()


def test_a_port_that_is_taken_is_named(status: WorkerStatus, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SetupError, match=f"METRICS_PORT={port}: 127.0.0.1:{port} cannot be had: Address already"):
            Health(status, "127.0.0.1", port, tmp_path)
