"""Making the tables that KCL keeps for an application, before it would."""

from __future__ import annotations

import asyncio

from shared.aws import AwsClient, AwsError
from shared.backoff import delays
from shared.errors import ResourceMissing, StoreUnavailable

#: Seconds for a table to become ready.
_LIMIT = 120.0
_READY = frozenset({"ACTIVE", "UPDATING"})


async def ensure(dynamodb: AwsClient, name: str, key: str, *, index: str = "", indexed: str = "") -> None:
    """Makes the table of items keyed by the string `key` where there is none, and returns once it can be used.

    `index` names a secondary index of the items that have the attribute `indexed`. Several may do this at once.
    Raises StoreUnavailable where it is not ready within 2 minutes.
    """
    try:
        async with asyncio.timeout(_LIMIT):
            for wait in delays():
                status = await _status(dynamodb, name)
                if status in _READY:
                    return
                if not status:
                    await _create(dynamodb, name, key, index, indexed)
                else:
                    await asyncio.sleep(wait)
    except TimeoutError:
        raise StoreUnavailable(f"{name} not ready within {_LIMIT:g} s") from None


async def _status(dynamodb: AwsClient, name: str) -> str:
    try:
        answer = await dynamodb.call("describe_table", TableName=name)
    except ResourceMissing:
        return ""
    return str(answer["Table"]["TableStatus"])


async def _create(dynamodb: AwsClient, name: str, key: str, index: str, indexed: str) -> None:
    attributes = [attribute for attribute in (key, indexed) if attribute]
    indexes = {
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _key_schema(indexed, key), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ]
    }
    try:
        await dynamodb.call(
            "create_table",
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_key_schema(key),
            AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
            **(indexes if index else {}),
        )
    except AwsError as error:
        # Another worker has just made it.
        if error.code != "ResourceInUseException":
            raise


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]
