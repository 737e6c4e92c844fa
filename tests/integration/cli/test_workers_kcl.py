"""`llt workers` on the lease table of a real daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.local.localstack.server import REGION, LocalStack
from tests.support.localstack import Observer, program_environment
from tests.support.waiting import TIMEOUT
from tests.unit.cli.outcome import Llt

pytestmark = [pytest.mark.system, pytest.mark.kcl]

JVM = ("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
#: Checkpoints every record; fd 1 is the protocol's alone.
PROCESSOR = """
import os, sys
protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\\n")
os.dup2(2, 1)
from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor
class Processor(processor.RecordProcessorBase):
    def initialize(self, given): pass
    def process_records(self, given):
        if given.records: given.checkpointer.checkpoint()
    def lease_lost(self, given): pass
    def shard_ended(self, given): given.checkpointer.checkpoint()
    def shutdown_requested(self, given): given.checkpointer.checkpoint()
kcl.KCLProcess(Processor(), output_file=protocol).run()
"""


@pytest.fixture
def daemon(
    localstack: LocalStack, stream_prefix: str, observer: Observer, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Works on the stream segments as the application dedup."""
    import amazon_kclpy

    stream = f"{stream_prefix}-segments"
    kinesis = observer.client("kinesis")
    kinesis.create_stream(StreamName=stream, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    _seed(observer.client("dynamodb"), application(stream_prefix))
    (tmp_path / "processor.py").write_text(PROCESSOR)
    properties = {
        # The daemon splits this at spaces, and this Python's folder may have some in its name: it is first in PATH.
        "executableName": f"{Path(sys.executable).name} {tmp_path / 'processor.py'}",
        "processingLanguage": "python/3.11",
        "applicationName": application(stream_prefix),
        "streamName": stream,
        "workerId": "worker-1",
        "regionName": REGION,
        "kinesisEndpoint": localstack.endpoint,
        "dynamoDBEndpoint": localstack.endpoint,
        "AwsCredentialsProvider": "EnvironmentVariableCredentialsProvider",
        "initialPositionInStream": "TRIM_HORIZON",
        "retrievalMode": "POLLING",
        "idleTimeBetweenReadsInMillis": "200",
        "metricsLevel": "NONE",
        "disableWorkerMetrics": "true",
        "failoverTimeMillis": "2000",
        "clientVersionConfig": "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X",
    }
    (tmp_path / "daemon.properties").write_text("".join(f"{name} = {value}\n" for name, value in properties.items()))
    jars = Path(amazon_kclpy.__file__).parent / "jars" / "*"
    main = [
        "software.amazon.kinesis.multilang.MultiLangDaemon",
        "--properties-file",
        str(tmp_path / "daemon.properties"),
    ]
    with (tmp_path / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            ["java", *JVM, "-cp", str(jars), *main],
            env={
                **program_environment(localstack),
                "AWS_EC2_METADATA_DISABLED": "true",
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process
    # Its children are of its group, which outlives it while they do.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def application(stream_prefix: str) -> str:
    return f"t-{stream_prefix}-{stream_prefix}-dedup"


def _seed(dynamodb: Any, application: str) -> None:
    """Leases that nobody has, so that the daemon need not wait up to half a minute."""
    dynamodb.create_table(
        TableName=application,
        KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("leaseKey", "leaseOwner")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "LeaseOwnerToLeaseKeyIndex",
                "KeySchema": [
                    {"AttributeName": "leaseOwner", "KeyType": "HASH"},
                    {"AttributeName": "leaseKey", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    for shard, (first, last) in enumerate([(0, (1 << 127) - 1), (1 << 127, (1 << 128) - 1)]):
        dynamodb.put_item(
            TableName=application,
            Item={
                "leaseKey": {"S": f"shardId-{shard:012}"},
                "checkpoint": {"S": "TRIM_HORIZON"},
                "checkpointSubSequenceNumber": {"N": "0"},
                "leaseCounter": {"N": "0"},
                "ownerSwitchesSinceCheckpoint": {"N": "0"},
                "startingHashKey": {"S": str(first)},
                "endingHashKey": {"S": str(last)},
            },
        )


def test_the_shards_of_a_worker_are_owned_while_it_lives_and_stale_when_it_is_killed(
    llt: Llt, daemon: subprocess.Popen[bytes], stream_prefix: str, observer: Observer
) -> None:
    kinesis, stream = observer.client("kinesis"), f"{stream_prefix}-segments"

    def rows() -> list[dict[str, Any]]:
        assert daemon.poll() in (None, -signal.SIGKILL)
        found: list[dict[str, Any]] = orjson.loads(llt("workers", "--json").out)
        return found

    def until(happened: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        deadline = time.monotonic() + TIMEOUT
        while not happened(found := rows()):
            assert time.monotonic() < deadline, found
        return found

    assert [(row["state"], row["owner"], row["lag_ms"]) for row in rows()] == [("free", None, 0)] * 2
    until(lambda found: [row["owner"] for row in found] == ["worker-1"] * 2)
    # Four looks: a worker that renews in time is never called gone.
    assert {row["state"] for _ in range(4) for row in rows()} == {"owned"}
    sequence = kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"1", ExplicitHashKey="0")["SequenceNumber"]
    first, second = until(lambda found: found[0]["checkpoint"] == sequence)
    assert (first["lag_ms"], second["checkpoint_age_ms"], second["lag_ms"]) == (0, None, 0)
    assert 0 <= first["checkpoint_age_ms"] < TIMEOUT * 1000
    os.killpg(daemon.pid, signal.SIGKILL)
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"2", ExplicitHashKey="0")
    time.sleep(0.2)
    first, second = rows()
    assert (first["state"], first["owner"], first["checkpoint"]) == ("stale", "worker-1", sequence)
    assert 200 <= first["lag_ms"] < first["checkpoint_age_ms"]
    assert (second["state"], second["lag_ms"]) == ("stale", 0)
