"""A LocalStack for the tests, and an observer of it that shares no code with the product."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pytest
from localstack_client.session import Session

from infra.local.localstack.server import REGION, LocalStack

#: What would lead a program elsewhere than its environment says.
_MISLEADING = ("AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN")


class Observer(Protocol):
    """localstack-client's Session, which has no types of its own."""

    def client(self, service_name: str, **options: Any) -> Any:
        """A boto3 client of the service."""

    def resource(self, service_name: str, **options: Any) -> Any:
        """A boto3 resource of the service."""


def program_environment(localstack: LocalStack) -> Mapping[str, str]:
    """The environment of a program that is to use this LocalStack: this process's own, and where LocalStack is."""
    own = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    return own | localstack.environment


def records_on(kinesis: Any, stream: str) -> list[bytes]:
    """Everything on a stream, those of a shard in order; `kinesis` is a boto3 client."""
    found: dict[str, bytes] = {}
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**start)["ShardIterator"]
        while iterator is not None:
            page = kinesis.get_records(ShardIterator=iterator)
            read = {record["SequenceNumber"]: record["Data"] for record in page["Records"]}
            # LocalStack gives the first record of a shard again and again, until there is a second.
            if read.keys() <= found.keys():
                break
            found |= read
            iterator = page.get("NextShardIterator")
    return list(found.values())


@pytest.fixture(scope="session")
def localstack() -> Iterator[LocalStack]:
    """A LocalStack that all tests share, started when the first of them asks for it: use names of your own in it."""
    with LocalStack() as started:
        yield started


@pytest.fixture
def observer(localstack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Observer:
    """Sees what is in LocalStack, whatever the product believes."""
    for name in _MISLEADING:
        monkeypatch.delenv(name, raising=False)
    with pytest.MonkeyPatch.context() as patch:
        # It would prefer this to what it is given.
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        session: Observer = Session(region_name=REGION, localstack_host=f"127.0.0.1:{localstack.port}")
    return session


@pytest.fixture
def aws_environment(localstack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Leads this process to LocalStack; the names and values that do it."""
    for name in _MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in localstack.environment.items():
        monkeypatch.setenv(name, value)
    return localstack.environment
