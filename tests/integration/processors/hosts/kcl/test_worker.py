"""`llt worker` as an operator runs it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from infra.local.localstack.server import LocalStack
from processors.hosts.kcl.daemon import jars
from tests.end_to_end.deployment import ROOT, Deployment, LltProcess, deployed
from tests.support.localstack import Observer
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.kcl]

WORKER = ("worker", "stability", "--streams", "kinesis")


@pytest.fixture
def empty_deployment(localstack: LocalStack, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment without streams."""
    opened = Deployment(localstack, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def deployment(localstack: LocalStack, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with streams and tables."""
    with deployed(localstack, tmp_path) as opened:
        yield opened


def failure(process: LltProcess) -> str:
    """The one line with which it failed."""
    assert process.ended() == 1
    (line,) = process.stderr.splitlines()
    return line


def test_it_works_until_it_is_told_to_stop(localstack: LocalStack, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with deployed(localstack, tmp_path, METRICS_PORT=str(port)) as opened:
        # As the containers have it: what is set to nothing is not set.
        nothing = dict.fromkeys(("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"), "")
        worker = opened.llt(*WORKER, "--slot", "4", **nothing)
        worker.until(lambda up: "is up" in up.stdout)
        name = f"{socket.gethostname()}-4"
        assert worker.stdout.startswith(f"Worker {name} of stability is up on {opened.prefix}-transcripts.")

        def shards() -> set[str]:
            with suppress(URLError), urlopen(f"http://127.0.0.1:{port}/health") as answer:
                return set(json.loads(answer.read())["shards"])
            return set()

        found = wait_until(shards, f"a shard's beat; {worker.stderr}")
        assert found == {"shardId-000000000000"}
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.status == 200
        again = opened.llt(*WORKER, "--slot", "4", METRICS_PORT="0")
        assert again.ended() == 2
        assert again.stderr.startswith("llt: --slot 4: another worker of ")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ended() == 0, worker.stderr
        assert worker.stderr == ""


def test_a_missing_stream_is_named(empty_deployment: Deployment) -> None:
    line = failure(empty_deployment.llt(*WORKER))
    assert line.startswith(f"llt: stream {empty_deployment.prefix}-audio does not exist at http")
    assert line.endswith("`llt streams create` makes it")


@pytest.mark.parametrize("stream", ["segments", "dead-letters"])
def test_a_stream_that_it_writes_is_missed_at_the_start(
    deployment: Deployment, observer: Observer, stream: str
) -> None:
    observer.client("kinesis").delete_stream(StreamName=f"{deployment.prefix}-{stream}")
    line = failure(deployment.llt(*WORKER))
    assert line.startswith(f"llt: stream {deployment.prefix}-{stream} does not exist at http")


def test_a_missing_table_of_sessions_is_named(deployment: Deployment, observer: Observer) -> None:
    observer.client("dynamodb").delete_table(TableName=f"{deployment.prefix}-Sessions")
    line = failure(deployment.llt(*WORKER))
    assert line.startswith(f"llt: table {deployment.prefix}-Sessions does not exist at http")


def test_a_java_that_hangs_keeps_nobody_who_wants_to_stop(empty_deployment: Deployment, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\nexec sleep 600\n")
    java.chmod(0o755)
    worker = empty_deployment.llt(*WORKER, JAVA_HOME=str(tmp_path))
    hung = int(wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "a start of java"))
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(5) == 0
    wait_until(lambda: not psutil.pid_exists(hung), "the end of java")


def test_an_engine_that_a_child_cannot_have_ends_the_worker(deployment: Deployment) -> None:
    worker = deployment.llt("worker", "transcribe", "--streams", "kinesis", RECOGNISER="scripted:none.jsonl")
    assert worker.ended() == 1
    assert worker.stderr.splitlines()[-1].startswith("llt: ")
    assert "none.jsonl" in worker.stderr.splitlines()[-1]


def test_missing_credentials_are_named(empty_deployment: Deployment) -> None:
    missing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    assert failure(empty_deployment.llt(*WORKER, **missing)).startswith(
        "llt: AWS: no credentials; set AWS_ACCESS_KEY_ID"
    )


def test_a_missing_java_is_named(empty_deployment: Deployment, tmp_path: Path) -> None:
    line = failure(empty_deployment.llt(*WORKER, PATH=str(tmp_path)))
    assert line.startswith("llt: KCL: there is no java in PATH; expected Java 17 or newer: apt-get install openjdk-17")


def test_a_changed_jar_is_named(empty_deployment: Deployment, tmp_path: Path) -> None:
    copy = tmp_path / "packages" / "amazon_kclpy"
    shutil.copytree(jars.installed_folder().parent, copy)
    changed = copy / "jars" / "guava-32.1.1-jre.jar"
    changed.write_bytes(changed.read_bytes() + b"!")
    line = failure(empty_deployment.llt(*WORKER, PYTHONPATH=f"{copy.parent}:{ROOT}"))
    assert line.startswith("llt: KCL: guava-32.1.1-jre.jar is changed in ")
    assert "make setup-kcl" in line


def test_streams_of_this_process_alone_are_refused(empty_deployment: Deployment) -> None:
    refused = empty_deployment.llt("worker", "stability")
    assert refused.ended() == 2
    assert "STREAMS=memory: expected kinesis" in refused.stderr


def test_stages_that_do_not_follow_one_another_are_refused(empty_deployment: Deployment) -> None:
    refused = empty_deployment.llt("worker", "dedup+stability", "--streams", "kinesis")
    assert refused.ended() == 2
    assert refused.stderr.startswith("llt: dedup+stability: expected a stage, or several that follow")
