"""A DynamoDB table in Python values."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

from shared.aws.client import AwsClient, AwsError
from shared.backoff import backoff
from shared.errors import LowLatencyTranslateError, SetupError, StoreUnavailable

#: An item's attributes by name: str, int, bool, bytes, None, and lists and mappings of these.
Item = dict[str, Any]

#: Keys that DynamoDB takes in one batch.
_BATCH = 100
#: Batches in a row that may bring nothing.
_EMPTY_BATCHES = 6
_NAME = re.compile(r"#(\w+)")
#: The call itself is wrong: it would be refused again, however often it is made.
_INVALID = frozenset({"SerializationException", "UnknownOperationException", "ValidationException"})


class ConditionFailed(LowLatencyTranslateError):
    """The item is not as the write's condition wants it; nothing is written."""


class Table:
    """Items by their keys.

    In expressions `#name` is the attribute of that name and `:name` the value given under it. Every method raises
    StoreUnavailable for what is transient and SetupError where the table or the right to use it is missing, or where
    the call is wrong.
    """

    def __init__(self, client: AwsClient, name: str) -> None:
        self._client = client
        self.name = name

    async def get(self, key: Mapping[str, str], *, consistent: bool = True) -> Item | None:
        """The item, None where there is none; without `consistent` at half the cost, and maybe a second old."""
        answer = await self._call("get_item", TableName=self.name, Key=_written(key), ConsistentRead=consistent)
        return _read(answer["Item"]) if "Item" in answer else None

    async def get_many(self, keys: Sequence[Mapping[str, str]], attributes: Sequence[str] = ()) -> list[Item]:
        """Those of the items that exist, read consistently, in no order; only the attributes named, where any are."""
        left = [_written(key) for key in keys]
        wanted = ", ".join(f"#{name}" for name in attributes)
        projection = {"ProjectionExpression": wanted, **_placeholders(wanted, {})} if wanted else {}
        items: list[Item] = []
        empty = 0
        while left:
            batch = {self.name: {"Keys": left[:_BATCH], "ConsistentRead": True, **projection}}
            answer = await self._call("batch_get_item", RequestItems=batch)
            found = answer["Responses"].get(self.name, [])
            items.extend(map(_read, found))
            unprocessed = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            left = [*unprocessed, *left[_BATCH:]]
            if unprocessed:
                empty = 0 if found else empty + 1
                if empty == _EMPTY_BATCHES:
                    raise StoreUnavailable(f"{self._client.endpoint} {self.name}: no batch brings any item")
                await asyncio.sleep(backoff(empty + 1, first=0.05, most=1.0))
        return items

    async def put(self, item: Item, condition: str = "", **values: Any) -> None:
        """Writes the whole item; raises ConditionFailed."""
        await self._write("put_item", {"Item": _written(item)}, condition, "", values)

    async def update(
        self, key: Mapping[str, str], update: str, condition: str, *, returning: bool = False, **values: Any
    ) -> Item:
        """Changes the item; raises ConditionFailed. With `returning`, returns the changed attributes."""
        parameters = {"Key": _written(key), "UpdateExpression": update}
        if returning:
            parameters["ReturnValues"] = "UPDATED_NEW"
        answer = await self._write("update_item", parameters, condition, update, values)
        return _read(answer.get("Attributes", {}))

    async def query(self, condition: str, *, index: str = "", **values: Any) -> list[Item]:
        """Every item whose key is as the condition wants it; consistent unless an index is asked."""
        where = {"IndexName": index} if index else {"ConsistentRead": True}
        return await self._pages("query", KeyConditionExpression=condition, **where, **_placeholders(condition, values))

    async def scan(self) -> list[Item]:
        """Every item, read consistently: for tables that are small."""
        return await self._pages("scan", ConsistentRead=True)

    async def _pages(self, operation: str, **parameters: Any) -> list[Item]:
        found: list[Item] = []
        while True:
            answer = await self._call(operation, TableName=self.name, **parameters)
            found.extend(map(_read, answer["Items"]))
            if "LastEvaluatedKey" not in answer:
                return found
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def _write(
        self, operation: str, parameters: dict[str, Any], condition: str, update: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        if condition:
            parameters["ConditionExpression"] = condition
        parameters.update(_placeholders(condition + update, values))
        return await self._call(operation, TableName=self.name, **parameters)

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return await self._client.call(operation, **parameters)
        except AwsError as error:
            if error.code == "ConditionalCheckFailedException":
                raise ConditionFailed(f"{self.name}: expected {parameters['ConditionExpression']}") from None
            # An AwsError would be blamed on the record at hand, whose words would be lost. No record is at fault for
            # what a table refuses: a code that nobody knows may be transient, so it is waited out; a call that is wrong
            # is refused for ever, so the host ends and says so, and every record is still there for the next one.
            raise (SetupError if error.code in _INVALID else StoreUnavailable)(str(error)) from None


def _placeholders(expression: str, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f"#{name}": name for name in _NAME.findall(expression)}
    placeholders: dict[str, Any] = {}
    if names:
        placeholders["ExpressionAttributeNames"] = names
    if values:
        placeholders["ExpressionAttributeValues"] = {f":{name}": value for name, value in _written(values).items()}
    return placeholders


_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in values.items()}


def _read(attributes: Mapping[str, Any]) -> Item:
    return {name: _plain(_deserialize(value)) for name, value in attributes.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, Binary):
        return bytes(value.value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
