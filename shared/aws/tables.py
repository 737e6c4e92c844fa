"""The pipeline's own DynamoDB tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shared.aws.client import AwsClient, AwsError
from shared.aws.session import Aws
from shared.aws.table_admin import DELETING, TableDefinition, TableStatus, create, described, dropped, settle, status
from shared.errors import SetupError, StoreUnavailable

#: The attribute of every table by which DynamoDB drops an item: epoch s.
EXPIRES_AT = "expires_at"

SESSIONS = TableDefinition("Sessions", "id", index="open")
CHECKPOINTS = TableDefinition("Checkpoints", "stream", "shard")
CACHED_TRANSLATIONS = TableDefinition("CachedTranslations", "key")
SPENDING = TableDefinition("Spending", "account")
TABLES = (SESSIONS, CHECKPOINTS, CACHED_TRANSLATIONS, SPENDING)


async def create_tables(aws: Aws, prefix: str = "") -> None:
    """Makes the tables that are missing and returns once all are ready; the others are left as they are.

    Raises StoreUnavailable where they are not ready within 2 minutes, and SetupError where one of their names is that
    of another table.
    """
    client = _client(aws)
    await _check(client, prefix)
    await settle({table.name: partial(_created, client, prefix, table) for table in TABLES}, "ready")


async def delete_tables(aws: Aws, prefix: str = "") -> None:
    """Drops the tables and returns once all are gone; raises StoreUnavailable where they are not in 2 minutes.

    Raises SetupError, and drops none, where one of their names is that of another table.
    """
    client = _client(aws)
    await _check(client, prefix)
    await settle({table.name: partial(dropped, client, prefix + table.name) for table in TABLES}, "gone")


async def list_tables(aws: Aws, prefix: str = "") -> Sequence[TableStatus]:
    """Every table and its status."""
    client = _client(aws)
    names = [prefix + table.name for table in TABLES]
    return [TableStatus(name, (await status(client, name)).lower() or "missing") for name in names]


async def _created(client: AwsClient, prefix: str, table: TableDefinition) -> bool:
    name = prefix + table.name
    found = await status(client, name)
    if not found:
        await create(client, name, table)
    if found != "ACTIVE":
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


async def _check(client: AwsClient, prefix: str) -> None:
    """Raises SetupError where a table is there that is none of the pipeline's."""
    for table in TABLES:
        found = await described(client, prefix + table.name)
        # One that is being deleted may say no more than that.
        if found.get("TableStatus", DELETING) == DELETING:
            continue
        has, needs = _keys(found, table.index), _keys(table.schema, table.index)
        if has != needs:
            raise SetupError(
                f"table {prefix}{table.name} at {client.endpoint} is another's: expected {needs}, found {has}; "
                "set TABLE_PREFIX to a prefix of this pipeline's own"
            )


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


def _keys(table: Mapping[str, Any], index: str) -> str:
    """What the table is keyed by, and its index of that name, in words."""
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}

    def told(schema: Sequence[Mapping[str, str]]) -> str:
        return ", ".join(f"{key['AttributeName']} ({types[key['AttributeName']]})" for key in schema)

    indexes = [each for each in table.get("GlobalSecondaryIndexes", ()) if each["IndexName"] == index]
    return " and ".join(
        [f"key {told(table['KeySchema'])}", *(f"index {index} by {told(each['KeySchema'])}" for each in indexes)]
    )


def _client(aws: Aws) -> AwsClient:
    return aws.client("dynamodb", StoreUnavailable)
