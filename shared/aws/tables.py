"""The DynamoDB tables: what they are, making them, and dropping them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.aws.client import AwsClient, AwsError
from shared.aws.session import Aws
from shared.backoff import delays
from shared.errors import ResourceMissing, SetupError, StoreUnavailable

#: The attribute of every table by which DynamoDB drops an item: epoch s.
EXPIRES_AT = "expires_at"

#: Seconds for the tables to become ready, or to be gone.
_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table of items keyed by strings.

    `index`, where it is set, names an attribute and a secondary index of the items that have it, which holds their
    keys alone.
    """

    name: str
    key: str
    sort_key: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True)
class TableStatus:
    """What DynamoDB says of a table, such as `active` or `creating`; `missing` where there is none."""

    name: str
    status: str


SESSIONS = TableDefinition("Sessions", "id", index="open")
CHECKPOINTS = TableDefinition("Checkpoints", "stream", "shard")
CACHED_TRANSLATIONS = TableDefinition("CachedTranslations", "key")
TABLES = (SESSIONS, CHECKPOINTS, CACHED_TRANSLATIONS)


async def create_tables(aws: Aws, prefix: str = "") -> None:
    """Makes the tables that are missing and returns once all are ready; the others are left as they are.

    Raises StoreUnavailable where they are not ready within 2 minutes, and SetupError where one of their names is that
    of another table.
    """
    client = _client(aws)
    await _check(client, prefix)
    await _all(partial(_created, client, prefix), "ready")


async def delete_tables(aws: Aws, prefix: str = "") -> None:
    """Drops the tables and returns once all are gone; raises StoreUnavailable where they are not in 2 minutes.

    Raises SetupError, and drops none, where one of their names is that of another table.
    """
    client = _client(aws)
    await _check(client, prefix)
    await _all(partial(_deleted, client, prefix), "gone")


async def list_tables(aws: Aws, prefix: str = "") -> Sequence[TableStatus]:
    """Every table and its status."""
    client = _client(aws)
    names = [prefix + table.name for table in TABLES]
    return [TableStatus(name, (await _status(client, name)).lower() or "missing") for name in names]


async def _all(step: Callable[[TableDefinition], Awaitable[bool]], goal: str) -> None:
    """Takes a step for each table, again and again until the step says that its table is there."""
    left = list(TABLES)
    try:
        async with asyncio.timeout(_LIMIT):
            for wait in delays():
                left = [table for table in left if not await step(table)]
                if not left:
                    return
                await asyncio.sleep(wait)
    except TimeoutError:
        names = ", ".join(table.name for table in left)
        raise StoreUnavailable(f"{names} not {goal} within {_LIMIT:g} s; look again") from None


async def _created(client: AwsClient, prefix: str, table: TableDefinition) -> bool:
    name = prefix + table.name
    status = await _status(client, name)
    if not status:
        await _unless_in_use(client, "create_table", TableName=name, **_schema(table))
    if status != "ACTIVE":
        return False
    if not await _expires(client, name):
        try:
            await client.call(
                "update_time_to_live",
                TableName=name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRES_AT},
            )
        except AwsError:
            # Another may have switched it on at the same time.
            if not await _expires(client, name):
                raise
    return True


async def _deleted(client: AwsClient, prefix: str, table: TableDefinition) -> bool:
    name = prefix + table.name
    status = await _status(client, name)
    if status and status != "DELETING":
        await _unless_in_use(client, "delete_table", TableName=name)
    return not status


async def _check(client: AwsClient, prefix: str) -> None:
    """Raises SetupError where a table is there that is none of the pipeline's."""
    for table in TABLES:
        found = await _described(client, prefix + table.name)
        # One that is being deleted may say no more than that.
        if found.get("TableStatus", "DELETING") == "DELETING":
            continue
        has, needs = _keys(found, table.index), _keys(_schema(table), table.index)
        if has != needs:
            raise SetupError(
                f"table {prefix}{table.name} at {client.endpoint} is another's: expected {needs}, found {has}; "
                "set TABLE_PREFIX to a prefix of this pipeline's own"
            )


async def _described(client: AwsClient, name: str) -> dict[str, Any]:
    """What DynamoDB says of the table, nothing where there is no table."""
    try:
        answer = await client.call("describe_table", TableName=name)
    except ResourceMissing:
        return {}
    return dict(answer["Table"])


async def _status(client: AwsClient, name: str) -> str:
    """The table's status in DynamoDB's own word, empty where there is no table."""
    return str((await _described(client, name)).get("TableStatus", ""))


async def _expires(client: AwsClient, name: str) -> bool:
    """Whether expiry is on; raises SetupError where it goes by another attribute."""
    expiry = (await client.call("describe_time_to_live", TableName=name))["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        return False
    if expiry["AttributeName"] != EXPIRES_AT:
        raise SetupError(
            f"table {name} at {client.endpoint}: expected items to expire by {EXPIRES_AT}, found "
            f"{expiry['AttributeName']}; switch its time to live off, and `llt streams create` sets it"
        )
    return True


async def _unless_in_use(client: AwsClient, operation: str, **parameters: Any) -> None:
    """Calls the operation; where the table is changing just then, another try is for later."""
    try:
        await client.call(operation, **parameters)
    except AwsError as error:
        if error.code != "ResourceInUseException":
            raise


def _schema(table: TableDefinition) -> dict[str, Any]:
    keys = [key for key in (table.key, table.sort_key) if key]
    schema: dict[str, Any] = {
        "KeySchema": _key_schema(*keys),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in [*keys, table.index] if name
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if table.index:
        schema["GlobalSecondaryIndexes"] = [
            {
                "IndexName": table.index,
                "KeySchema": _key_schema(table.index, table.key),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ]
    return schema


def _keys(table: Mapping[str, Any], index: str) -> str:
    """What the table is keyed by, and its index of that name, in words."""
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}

    def told(schema: Sequence[Mapping[str, str]]) -> str:
        return ", ".join(f"{key['AttributeName']} ({types[key['AttributeName']]})" for key in schema)

    indexes = [each for each in table.get("GlobalSecondaryIndexes", ()) if each["IndexName"] == index]
    return " and ".join(
        [f"key {told(table['KeySchema'])}", *(f"index {index} by {told(each['KeySchema'])}" for each in indexes)]
    )


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _client(aws: Aws) -> AwsClient:
    return aws.client("dynamodb", StoreUnavailable)
