"""KCL's tables as KCL 3.1.3 writes them, made by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_KEYS = {"": "leaseKey", "-CoordinatorState": "key", "-WorkerMetricStats": "wid"}


class KclTables:
    """The tables of applications; `dynamodb` is a boto3 client."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb

    def create(self, application: str, *suffixes: str) -> list[str]:
        """Makes the lease table, and those with the suffixes beside it; returns their names."""
        names = []
        for suffix in ("", *suffixes):
            key = _KEYS[suffix]
            self._dynamodb.create_table(
                TableName=application + suffix,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            names.append(application + suffix)
        return names

    def lease(self, application: str, shard: str, checkpoint: str, owner: str | None, counter: int = 7) -> None:
        """Writes a lease."""
        item: dict[str, Any] = {
            "leaseKey": {"S": shard},
            "checkpoint": {"S": checkpoint},
            "checkpointSubSequenceNumber": {"N": "0"},
            "leaseCounter": {"N": str(counter)},
            "ownerSwitchesSinceCheckpoint": {"N": "0"},
            "startingHashKey": {"S": "0"},
            "endingHashKey": {"S": "340282366920938463463374607431768211455"},
            "throughputKBps": {"N": "0.15692"},
        }
        if checkpoint == "SHARD_END":
            item["childShardIds"] = {"SS": ["shardId-000000000098", "shardId-000000000099"]}
        if owner is not None:
            item["leaseOwner"] = {"S": owner}
        self._dynamodb.put_item(TableName=application, Item=item)

    @contextmanager
    def renewing(self, application: str, *shards: str, every: float) -> Iterator[None]:
        """Renews the leases like a worker that lives."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(every):
                for shard in shards:
                    self._dynamodb.update_item(
                        TableName=application,
                        Key={"leaseKey": {"S": shard}},
                        UpdateExpression="ADD leaseCounter :one",
                        ExpressionAttributeValues={":one": {"N": "1"}},
                    )

        worker = threading.Thread(target=renew)
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join()
