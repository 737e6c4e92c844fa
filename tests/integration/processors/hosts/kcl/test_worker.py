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

pytestmark = pytest.mark.kcl

WORKER = ("worker", "stability", "--streams", "kinesis")


@pytest.fixture
def newcomer(localstack: LocalStack, tmp_path: Path) -> Iterator[Deployment]:
    """A desk without streams."""
    opened = Deployment(localstack, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def equipped(localstack: LocalStack, tmp_path: Path) -> Iterator[Deployment]:
    """A desk with streams and tables."""
    with deployed(localstack, tmp_path) as opened:
        yield opened


def complaint(terminal: LltProcess) -> str:
    """The one line with which it failed."""
    assert terminal.ended() == 1
    (line,) = terminal.complaints.splitlines()
    return line


def test_it_works_until_it_is_told_to_stop(localstack: LocalStack, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with deployed(localstack, tmp_path, METRICS_PORT=str(port)) as opened:
        # As the containers have it: what is set to nothing is not set.
        nothing = dict.fromkeys(("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"), "")
        worker = opened.llt(*WORKER, "--slot", "4", **nothing)
        worker.until(lambda up: "is up" in up.printed)
        name = f"{socket.gethostname()}-4"
        assert worker.printed.startswith(f"Worker {name} of stability is up on {opened.prefix}-transcripts.")

        def shards() -> set[str]:
            with suppress(URLError), urlopen(f"http://127.0.0.1:{port}/health") as answer:
                return set(json.loads(answer.read())["shards"])
            return set()

        found = wait_until(shards, f"a shard's beat; {worker.complaints}")
        assert found == {"shardId-000000000000"}
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.status == 200
        again = opened.llt(*WORKER, "--slot", "4", METRICS_PORT="0")
        assert again.ended() == 2
        assert again.complaints.startswith("llt: --slot 4: another worker of ")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ended() == 0, worker.complaints
        assert worker.complaints == ""


def test_a_missing_stream_is_named(newcomer: Deployment) -> None:
    said = complaint(newcomer.llt(*WORKER))
    assert said.startswith(f"llt: stream {newcomer.prefix}-audio does not exist at http")
    assert said.endswith("`llt streams create` makes it")


@pytest.mark.parametrize("stream", ["segments", "dead-letters"])
def test_a_stream_that_it_writes_is_missed_at_the_start(equipped: Deployment, observer: Observer, stream: str) -> None:
    observer.client("kinesis").delete_stream(StreamName=f"{equipped.prefix}-{stream}")
    said = complaint(equipped.llt(*WORKER))
    assert said.startswith(f"llt: stream {equipped.prefix}-{stream} does not exist at http")


def test_a_missing_table_of_sessions_is_named(equipped: Deployment, observer: Observer) -> None:
    observer.client("dynamodb").delete_table(TableName=f"{equipped.prefix}-Sessions")
    said = complaint(equipped.llt(*WORKER))
    assert said.startswith(f"llt: table {equipped.prefix}-Sessions does not exist at http")


def test_a_java_that_hangs_keeps_nobody_who_wants_to_stop(newcomer: Deployment, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\nexec sleep 600\n")
    java.chmod(0o755)
    worker = newcomer.llt(*WORKER, JAVA_HOME=str(tmp_path))
    hung = int(wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "a start of java"))
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(5) == 0
    wait_until(lambda: not psutil.pid_exists(hung), "the end of java")


def test_an_engine_that_a_child_cannot_have_ends_the_worker(equipped: Deployment) -> None:
    worker = equipped.llt("worker", "transcribe", "--streams", "kinesis", RECOGNISER="scripted:none.jsonl")
    assert worker.ended() == 1
    assert worker.complaints.splitlines()[-1].startswith("llt: ")
    assert "none.jsonl" in worker.complaints.splitlines()[-1]


def test_missing_credentials_are_named(newcomer: Deployment) -> None:
    missing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    assert complaint(newcomer.llt(*WORKER, **missing)).startswith("llt: AWS: no credentials; set AWS_ACCESS_KEY_ID")


def test_a_missing_java_is_named(newcomer: Deployment, tmp_path: Path) -> None:
    said = complaint(newcomer.llt(*WORKER, PATH=str(tmp_path)))
    assert said.startswith("llt: KCL: there is no java in PATH; expected Java 17 or newer: apt-get install openjdk-17")


def test_a_changed_jar_is_named(newcomer: Deployment, tmp_path: Path) -> None:
    copy = tmp_path / "packages" / "amazon_kclpy"
    shutil.copytree(jars.installed_folder().parent, copy)
    changed = copy / "jars" / "guava-32.1.1-jre.jar"
    changed.write_bytes(changed.read_bytes() + b"!")
    said = complaint(newcomer.llt(*WORKER, PYTHONPATH=f"{copy.parent}:{ROOT}"))
    assert said.startswith("llt: KCL: guava-32.1.1-jre.jar is changed in ")
    assert "make setup-kcl" in said


def test_streams_of_this_process_alone_are_refused(newcomer: Deployment) -> None:
    refused = newcomer.llt("worker", "stability")
    assert refused.ended() == 2
    assert "STREAMS=memory: expected kinesis" in refused.complaints


def test_stages_that_do_not_follow_one_another_are_refused(newcomer: Deployment) -> None:
    refused = newcomer.llt("worker", "dedup+stability", "--streams", "kinesis")
    assert refused.ended() == 2
    assert refused.complaints.startswith("llt: dedup+stability: expected a stage, or several that follow")
