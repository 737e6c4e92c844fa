"""The tables are made once, as the stores need them, and dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from shared.aws import Aws, AwsError
from shared.aws import table_admin as module
from shared.aws.table_admin import TableStatus
from shared.aws.tables import create_tables, delete_tables, list_tables
from shared.errors import SetupError, StoreUnavailable
from tests.support.dynamodb import FaultyAws
from tests.support.localstack import Observer

pytestmark = pytest.mark.system

NAMES = ("Sessions", "Checkpoints", "CachedTranslations", "Spending")


async def test_tables_cost_nothing_at_rest_and_drop_what_has_expired(prefix: str, observer: Observer) -> None:
    dynamodb = observer.client("dynamodb")
    for name in NAMES:
        table = dynamodb.describe_table(TableName=prefix + name)["Table"]
        assert table["TableStatus"] == "ACTIVE"
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        expiry = dynamodb.describe_time_to_live(TableName=prefix + name)["TimeToLiveDescription"]
        assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    sessions = dynamodb.describe_table(TableName=prefix + "Sessions")["Table"]
    assert sessions["GlobalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "KEYS_ONLY"}


async def test_what_is_there_stays_and_what_is_missing_is_made(aws: Aws, prefix: str, observer: Observer) -> None:
    dynamodb = observer.client("dynamodb")
    dynamodb.put_item(TableName=prefix + "Sessions", Item={"id": {"S": "talk"}})
    dynamodb.delete_table(TableName=prefix + "Checkpoints")
    assert await list_tables(aws, prefix) == [
        TableStatus(prefix + "Sessions", "active"),
        TableStatus(prefix + "Checkpoints", "missing"),
        TableStatus(prefix + "CachedTranslations", "active"),
        TableStatus(prefix + "Spending", "active"),
    ]
    await create_tables(aws, prefix)
    await create_tables(aws, prefix)
    assert {table.status for table in await list_tables(aws, prefix)} == {"active"}
    assert dynamodb.get_item(TableName=prefix + "Sessions", Key={"id": {"S": "talk"}})["Item"]


async def test_expiry_is_switched_on_where_it_is_off(aws: Aws, prefix: str, observer: Observer) -> None:
    dynamodb = observer.client("dynamodb")
    name = prefix + "Sessions"
    off = {"Enabled": False, "AttributeName": "expires_at"}
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=off)
    await create_tables(aws, prefix)
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"


async def test_dropping_tables_that_are_gone_is_no_error(aws: Aws, prefix: str, observer: Observer) -> None:
    await delete_tables(aws, prefix)
    await delete_tables(aws, prefix)
    assert {table.status for table in await list_tables(aws, prefix)} == {"missing"}
    assert not [name for name in observer.client("dynamodb").list_tables()["TableNames"] if name.startswith(prefix)]


async def test_a_prefix_has_tables_of_its_own(aws: Aws, prefix: str) -> None:
    assert {table.status for table in await list_tables(aws, f"{prefix}other-")} == {"missing"}


@pytest.fixture
def strange(observer: Observer) -> Iterator[str]:
    """The prefix of a table that is named as one of ours, and holds something else."""
    dynamodb = observer.client("dynamodb")
    name = f"test-{uuid4().hex[:8]}-"
    dynamodb.create_table(
        TableName=f"{name}Sessions",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "user", "AttributeType": "N"},
            {"AttributeName": "id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    for table in dynamodb.list_tables()["TableNames"]:
        if table.startswith(name):
            dynamodb.delete_table(TableName=table)


async def test_a_table_of_somebody_else_is_neither_used_nor_dropped(aws: Aws, strange: str, observer: Observer) -> None:
    told = rf"table {strange}Sessions .* expected key id \(S\) and index open by open \(S\), id \(S\), found key "
    dynamodb = observer.client("dynamodb")
    for step in (create_tables, delete_tables):
        with pytest.raises(SetupError, match=told + r"user \(N\), id \(S\); set TABLE_PREFIX"):
            await step(aws, strange)
        assert [name for name in dynamodb.list_tables()["TableNames"] if name.startswith(strange)] == [
            f"{strange}Sessions"
        ]


async def test_where_one_table_is_somebody_elses_none_is_dropped(aws: Aws, strange: str, observer: Observer) -> None:
    dynamodb = observer.client("dynamodb")
    dynamodb.create_table(
        TableName=f"{strange}CachedTranslations",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(SetupError, match="Sessions"):
        await delete_tables(aws, strange)
    assert dynamodb.describe_table(TableName=f"{strange}CachedTranslations")


async def test_items_that_expire_by_another_attribute_are_told(aws: Aws, prefix: str, observer: Observer) -> None:
    dynamodb = observer.client("dynamodb")
    for enabled, attribute in ((False, "expires_at"), (True, "until")):
        dynamodb.update_time_to_live(
            TableName=f"{prefix}Sessions",
            TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute},
        )
    with pytest.raises(
        SetupError, match=f"table {prefix}Sessions .*expected items to expire by expires_at, found until"
    ):
        await create_tables(aws, prefix)


async def test_an_index_that_an_operator_added_does_no_harm(faulty: FaultyAws, prefix: str) -> None:
    async def answered(operation: str, answer: dict[str, Any]) -> None:
        if operation == "describe_table":
            key = [{"AttributeName": "owner", "KeyType": "HASH"}]
            answer["Table"].setdefault("GlobalSecondaryIndexes", []).append({"IndexName": "owners", "KeySchema": key})
            answer["Table"]["AttributeDefinitions"].append({"AttributeName": "owner", "AttributeType": "S"})

    faulty.answered = answered
    await create_tables(faulty, prefix)
    assert faulty.calls["describe_table"] == 2 * len(NAMES)


async def test_two_may_make_the_tables_at_the_same_time(aws: Aws, faulty: FaultyAws) -> None:
    """One is told that the other was first: the table is being made, its expiry is on."""
    name = f"test-{uuid4().hex[:8]}-"
    other = aws.client("dynamodb", StoreUnavailable)

    async def asked(operation: str, parameters: dict[str, Any]) -> None:
        if operation in ("create_table", "update_time_to_live"):
            await other.call(operation, **parameters)
        if operation == "update_time_to_live":
            raise AwsError("TimeToLive is already enabled", "ValidationException")

    faulty.asked = asked
    await create_tables(faulty, name)
    assert {table.status for table in await list_tables(aws, name)} == {"active"}
    await delete_tables(aws, name)


async def test_a_refusal_that_lasts_is_told(faulty: FaultyAws, prefix: str, observer: Observer) -> None:
    observer.client("dynamodb").delete_table(TableName=prefix + "Sessions")
    faulty.refuse(AwsError("this account has no tables", "ValidationException"), "create_table")
    with pytest.raises(AwsError, match="no tables"):
        await create_tables(faulty, prefix)


async def test_tables_that_never_get_ready_are_given_up(
    faulty: FaultyAws, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answered(operation: str, answer: dict[str, Any]) -> None:
        answer.get("Table", {})["TableStatus"] = "CREATING"

    faulty.answered = answered
    monkeypatch.setattr(module, "_LIMIT", 0.5)
    with pytest.raises(StoreUnavailable, match=", ".join(NAMES) + " not ready within"):
        await create_tables(faulty, prefix)


async def test_an_endpoint_that_is_down_is_told_at_once(
    aws_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1"):
        await create_tables(Aws())
