"""LocalStack without Docker does what the product needs of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from infra.local.localstack.errors import LocalStackFailed, LocalStackMissing, PortInUse
from infra.local.localstack.server import LocalStack
from tests.support.localstack import Observer, program_environment
from tests.support.processes import assert_gone, until_gone
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]


@pytest.fixture
def kinesis(observer: Observer) -> Any:
    return observer.client("kinesis")


@pytest.fixture
def dynamodb(observer: Observer) -> Any:
    return observer.client("dynamodb")


@pytest.fixture
def stream(kinesis: Any) -> Iterator[str]:
    name = f"infra-{uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    yield name
    kinesis.delete_stream(StreamName=name)


@pytest.fixture
def table(dynamodb: Any) -> Iterator[str]:
    name = f"infra-{uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    dynamodb.delete_table(TableName=name)


def records(kinesis: Any, stream: str, shard: str) -> list[bytes]:
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]]


def listeners(process: int) -> set[str]:
    """The addresses on which a process and its descendants listen."""
    return {
        connection.laddr.ip
        for found in tree(process)
        for connection in found.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def tree(root: int) -> list[psutil.Process]:
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


def test_a_record_that_is_put_is_read(kinesis: Any, stream: str) -> None:
    placed = kinesis.put_record(StreamName=stream, Data=b"\x00audio", PartitionKey="session")
    assert records(kinesis, stream, placed["ShardId"]) == [b"\x00audio"]


def test_a_shard_that_is_split_is_closed_and_is_the_parent_of_two(kinesis: Any, stream: str) -> None:
    parent = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    kinesis.split_shard(StreamName=stream, ShardToSplit=parent, NewStartingHashKey=str(1 << 127))
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    closed = [shard["ShardId"] for shard in shards if "EndingSequenceNumber" in shard["SequenceNumberRange"]]
    children = [shard for shard in shards if shard.get("ParentShardId") == parent]
    assert closed == [parent]
    assert {child["HashKeyRange"]["StartingHashKey"] for child in children} == {"0", str(1 << 127)}
    placed = kinesis.put_record(StreamName=stream, Data=b"after", PartitionKey="session")
    assert placed["ShardId"] in {child["ShardId"] for child in children}
    assert records(kinesis, stream, placed["ShardId"]) == [b"after"]


def test_a_write_whose_condition_does_not_hold_is_refused(dynamodb: Any, table: str) -> None:
    item = {"id": {"S": "talk"}, "number": {"N": "1"}}
    dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    update = {
        "TableName": table,
        "Key": {"id": {"S": "talk"}},
        "UpdateExpression": "SET #n = :next",
        "ConditionExpression": "#n = :last",
        "ExpressionAttributeNames": {"#n": "number"},
    }
    dynamodb.update_item(**update, ExpressionAttributeValues={":last": {"N": "1"}, ":next": {"N": "2"}})
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.update_item(**update, ExpressionAttributeValues={":last": {"N": "1"}, ":next": {"N": "3"}})
    assert dynamodb.get_item(TableName=table, Key={"id": {"S": "talk"}}, ConsistentRead=True)["Item"]["number"] == {
        "N": "2"
    }


def test_a_table_says_which_attribute_its_items_expire_by(dynamodb: Any, table: str) -> None:
    wanted = {"Enabled": True, "AttributeName": "expires_at"}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_metrics_are_taken(observer: Observer) -> None:
    cloudwatch = observer.client("cloudwatch")
    name = f"Infra{uuid4().hex}"
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "Seams", "Value": 1}])
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace=name)["Metrics"]] == ["Seams"]


def test_the_environment_leads_a_program_to_it(localstack: LocalStack, kinesis: Any, stream: str) -> None:
    program = "import boto3; print(*boto3.client('kinesis', region_name='us-east-1').list_streams()['StreamNames'])"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=program_environment(localstack),
        capture_output=True,
        text=True,
        check=True,
    )
    assert stream in ended.stdout.split()


def test_the_environment_leads_this_process_to_it(
    localstack: LocalStack, aws_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {name: os.environ[name] for name in aws_environment} == aws_environment
    assert aws_environment["AWS_ENDPOINT_URL"] == localstack.endpoint
    assert "AWS_PROFILE" not in os.environ


def test_it_listens_on_the_loopback_interface_only(localstack: LocalStack, kinesis: Any, stream: str) -> None:
    assert localstack.pid is not None
    assert len(tree(localstack.pid)) > 1
    assert listeners(localstack.pid) == {"127.0.0.1"}


def test_nothing_is_left_of_one_that_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with LocalStack() as stopped:
        assert stopped.pid is not None
        found = tree(stopped.pid)
        assert len(found) > 1
        assert list(tmp_path.iterdir())
    assert stopped.pid is None
    assert_gone(found)
    assert not list(tmp_path.iterdir())
    stopped.stop()


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} is in use"):
            LocalStack(port).start()


def test_one_that_is_not_ready_in_time_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(LocalStackFailed, match=r"did not answer within 0\.2 s"):
        LocalStack().start(timeout=0.2)
    assert not list(tmp_path.iterdir())


def test_one_that_ends_at_its_start_is_an_error_with_the_end_of_its_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text("#!/bin/sh\necho the disk is full\nexit 1\n")
    (tmp_path / "bin/python").chmod(0o755)
    (tmp_path / "installed").touch()
    monkeypatch.setattr("infra.local.localstack.server._ENVIRONMENT", tmp_path)
    with pytest.raises(LocalStackFailed, match=r"ended while it started.*\nthe disk is full$") as failed:
        LocalStack().start()
    assert failed.value.log == "the disk is full"


def test_one_that_is_not_installed_is_an_error_that_says_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("infra.local.localstack.server._ENVIRONMENT", tmp_path)
    with pytest.raises(LocalStackMissing, match="make localstack"):
        LocalStack().start()


def command(tmp_path: Path, host: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
    return subprocess.Popen(
        [sys.executable, "-m", "infra.local.localstack"],
        cwd=tmp_path,
        env=own | {"LOCALSTACK_HOST": host, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_the_command_says_when_it_is_ready_and_ends_with_all_of_it(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    port = LocalStack().port
    with command(tmp_path, f"localhost:{port}") as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().rstrip() for _ in range(5)]
        found = tree(running.pid)
        running.send_signal(number)
        rest, errors = running.communicate(timeout=TIMEOUT)
    assert lines == [
        f"LocalStack is ready at http://localhost:{port} (Ctrl-C stops it and forgets its streams)",
        f"AWS_ENDPOINT_URL=http://localhost:{port}",
        "AWS_REGION=us-east-1",
        "AWS_ACCESS_KEY_ID=test",
        "AWS_SECRET_ACCESS_KEY=test",
    ]
    assert (running.returncode, rest, errors) == (code, "", "")
    assert len(found) > 2
    # Killed, it cannot end the others, but they notice.
    (until_gone if number is signal.SIGKILL else assert_gone)(found)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert "Ready." in (tmp_path / "out/localstack.log").read_text()


def test_the_command_ends_when_it_is_told_to_before_it_is_ready(tmp_path: Path) -> None:
    with command(tmp_path, f"localhost:{LocalStack().port}") as running:
        while len(found := tree(running.pid)) < 2:
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=TIMEOUT)
    assert (running.returncode, output, errors) == (0, "", "")
    until_gone(found)


def test_the_command_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with command(tmp_path, f"localhost:{port}") as ended:
            output, errors = ended.communicate(timeout=TIMEOUT)
    assert (ended.returncode, output) == (1, "")
    assert re.fullmatch(f"localstack: port {port} is in use: .*\n", errors)


@pytest.mark.parametrize(
    ("host", "complaint"),
    [("example.org:4566", "is not on this machine"), ("localhost:x", "LOCALSTACK_HOST is no address: .*localhost:x")],
)
def test_the_command_refuses_an_address_that_it_cannot_serve(tmp_path: Path, host: str, complaint: str) -> None:
    with command(tmp_path, host) as ended:
        output, errors = ended.communicate(timeout=TIMEOUT)
    assert (ended.returncode, output) == (1, "")
    assert re.fullmatch(f"localstack: .*{complaint}.*\n", errors)
