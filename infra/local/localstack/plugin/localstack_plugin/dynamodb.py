"""DynamoDB from the moto that LocalStack brings; its own DynamoDB is a Java program that it would download."""

from __future__ import annotations

from abc import ABC

from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider


class _DynamoDb(DynamodbApi, ABC):
    service = "dynamodb"


class _DynamoDbStreams(DynamodbstreamsApi, ABC):
    service = "dynamodbstreams"


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    """Every operation goes to moto."""
    return Service.for_provider(_DynamoDb(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="dynamodbstreams", name="moto")
def dynamodb_streams() -> Service:
    """Every operation goes to moto."""
    return Service.for_provider(_DynamoDbStreams(), dispatch_table_factory=MotoFallbackDispatcher)
