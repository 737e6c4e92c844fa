"""LocalStack restarted beside the other services of docker-compose.yml, as far as it can be tried without Docker."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from infra.local.localstack.server import LocalStack
from shared.codec import decode, encode
from shared.models import Segment
from tests.end_to_end.deployment import Deployment, LltProcess
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.long]

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]


class Container:
    """A service's command, started again where it fails, as its `restart: on-failure` has Docker do."""

    def __init__(self, deployment: Deployment, name: str) -> None:
        assert SERVICES[name]["restart"] == "on-failure"
        # One shard is enough here.
        self._words = shlex.split(re.sub(r"\$\{SHARDS:-\d+\}", "1", SERVICES[name]["command"]))
        self._deployment = deployment
        self._runs: list[LltProcess] = []
        self.keep_running()

    @property
    def said(self) -> str:
        """Its standard output, of all its runs."""
        return "".join(run.stdout for run in self._runs)

    def keep_running(self) -> None:
        """Starts it, for the first time or where it has failed; one that ended well stays as it is."""
        if not self._runs or self._runs[-1].process.poll():
            self._runs.append(self._deployment.llt(*self._words))

    def stop(self) -> int:
        """SIGTERM; returns its exit code."""
        self._runs[-1].process.send_signal(signal.SIGTERM)
        return self._runs[-1].ended()


@pytest.fixture
def localstack() -> Iterator[LocalStack]:
    """One that no other test uses, since it is restarted."""
    with LocalStack() as started:
        yield started


@pytest.fixture
def deployment(localstack: LocalStack, tmp_path: Path) -> Iterator[Deployment]:
    opened = Deployment(localstack, tmp_path, STREAMS="kinesis")
    yield opened
    opened.close()


def healthy(deployment: Deployment) -> bool:
    """What the health check of `streams` says."""
    kind, program, *words = SERVICES["streams"]["healthcheck"]["test"]
    assert (kind, Path(program).name) == ("CMD", "llt")
    return deployment.llt(*words).ended() == 0


def until_healthy(deployment: Deployment, streams: Container) -> None:
    """Waits until the streams and tables are there."""

    def looked() -> bool:
        streams.keep_running()
        return healthy(deployment)

    wait_until(looked, "the streams and tables")


def restart(localstack: LocalStack) -> None:
    """What it held is gone."""
    localstack.stop()
    localstack.start()


def test_what_it_forgot_is_made_again(localstack: LocalStack, deployment: Deployment) -> None:
    assert not healthy(deployment)
    streams = Container(deployment, "streams")
    until_healthy(deployment, streams)
    assert "Made again" not in streams.said
    restart(localstack)
    until_healthy(deployment, streams)
    assert streams.stop() == 0


@pytest.mark.kcl
@pytest.mark.alone
def test_workers_go_on(localstack: LocalStack, deployment: Deployment) -> None:
    streams = Container(deployment, "streams")
    until_healthy(deployment, streams)
    worker = Container(deployment, "dedup")
    kinesis = boto3.client(
        "kinesis", "us-east-1", endpoint_url=localstack.endpoint, aws_access_key_id="a", aws_secret_access_key="b"
    )

    def passes(session: str) -> None:
        deployment.run("sessions", "create", session, "--to", "es")
        segment = Segment(session=session, captured_at=0, number=1, language="en", text="words", start=0, end=1)
        stream = f"{deployment.prefix}-segments"
        kinesis.put_record(StreamName=stream, PartitionKey=session, Data=encode(segment))

        def came() -> bool:
            streams.keep_running()
            worker.keep_running()
            return session in {read.session for read in records(kinesis, f"{deployment.prefix}-unique-segments")}

        wait_until(came, session)

    passes("before")
    restart(localstack)
    until_healthy(deployment, streams)
    passes("behind")
    assert worker.stop() == 0
    assert streams.stop() == 0


def records(kinesis: Any, stream: str) -> list[Any]:
    """What is on every shard of the stream."""
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**start)["ShardIterator"]
        found += [decode(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
    return found
