"""Making DynamoDB tables, looking at them and dropping them, whatever they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.aws.client import AwsClient, AwsError
from shared.backoff import delays
from shared.errors import ResourceMissing, StoreUnavailable

#: Seconds for tables to become ready, or to be gone.
_LIMIT = 120.0
#: What DynamoDB calls a table that is on its way out, and one that takes items.
DELETING = "DELETING"
_USABLE = frozenset({"ACTIVE", "UPDATING"})


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table of items keyed by strings.

    `index`, where it is set, names an attribute and a secondary index of the items that have it, which holds their
    keys alone; `index_name` is the index's name where that is another.
    """

    name: str
    key: str
    sort_key: str = ""
    index: str = ""
    index_name: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """What create_table is told, but for the name."""
        keys = [key for key in (self.key, self.sort_key) if key]
        schema: dict[str, Any] = {
            "KeySchema": _key_schema(*keys),
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in [*keys, self.index] if name
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
        if self.index:
            schema["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": self.index_name or self.index,
                    "KeySchema": _key_schema(self.index, self.key),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ]
        return schema


@dataclass(frozen=True, slots=True)
class TableStatus:
    """What DynamoDB says of a table, such as `active` or `creating`; `missing` where there is none."""

    name: str
    status: str


async def described(client: AwsClient, name: str) -> dict[str, Any]:
    """What DynamoDB says of the table, nothing where there is no table."""
    try:
        answer = await client.call("describe_table", TableName=name)
    except ResourceMissing:
        return {}
    return dict(answer["Table"])


async def status(client: AwsClient, name: str) -> str:
    """The table's status in DynamoDB's own word, empty where there is no table."""
    return str((await described(client, name)).get("TableStatus", ""))


async def create(client: AwsClient, name: str, table: TableDefinition) -> None:
    """Begins to make the table under that name, unless another is just doing so."""
    await _unless_in_use(client, "create_table", TableName=name, **table.schema)


async def ensure(client: AwsClient, table: TableDefinition) -> None:
    """Makes the table where there is none, and returns once it can be used; several may do this at once.

    Raises StoreUnavailable where it is not ready within 2 minutes.
    """

    async def usable() -> bool:
        found = await status(client, table.name)
        if not found:
            await create(client, table.name, table)
        return found in _USABLE

    await settle({table.name: usable}, "ready")


async def dropped(client: AwsClient, name: str) -> bool:
    """Begins to drop the table where it is there; whether it is gone."""
    found = await status(client, name)
    if found and found != DELETING:
        with suppress(ResourceMissing):
            await _unless_in_use(client, "delete_table", TableName=name)
    return not found


async def settle(steps: Mapping[str, Callable[[], Awaitable[bool]]], goal: str) -> None:
    """Takes each table's step, again and again until it says that the table is where it should be.

    Raises StoreUnavailable, by the tables' names, where one is not `goal` (`ready`, `gone`) within 2 minutes.
    """
    left = list(steps)
    try:
        async with asyncio.timeout(_LIMIT):
            for wait in delays():
                left = [name for name in left if not await steps[name]()]
                if not left:
                    return
                await asyncio.sleep(wait)
    except TimeoutError:
        raise StoreUnavailable(f"{', '.join(left)} not {goal} within {_LIMIT:g} s; look again") from None


async def _unless_in_use(client: AwsClient, operation: str, **parameters: Any) -> None:
    try:
        await client.call(operation, **parameters)
    except AwsError as error:
        if error.code != "ResourceInUseException":
            raise


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]
