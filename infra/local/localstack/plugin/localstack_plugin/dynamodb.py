"""DynamoDB from the moto that LocalStack brings; its own DynamoDB is a Java program that it would download."""

from __future__ import annotations

import threading
from abc import ABC
from typing import Any

from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider


class _DynamoDb(DynamodbApi, ABC):
    service = "dynamodb"


class _DynamoDbStreams(DynamodbstreamsApi, ABC):
    service = "dynamodbstreams"


#: moto checks a condition and writes in two steps.
_lock = threading.Lock()


def _one_at_a_time(provider: Any) -> dict[str, Any]:
    """Moto's operations, none of which begins before another has ended: conditional writes are then atomic."""

    def guarded(operation: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with _lock:
                return operation(*args, **kwargs)

        return call

    return {name: guarded(operation) for name, operation in MotoFallbackDispatcher(provider).items()}


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    """Every operation goes to moto."""
    return Service.for_provider(_DynamoDb(), dispatch_table_factory=_one_at_a_time)


@aws_provider(api="dynamodbstreams", name="moto")
def dynamodb_streams() -> Service:
    """Every operation goes to moto."""
    return Service.for_provider(_DynamoDbStreams(), dispatch_table_factory=MotoFallbackDispatcher)
