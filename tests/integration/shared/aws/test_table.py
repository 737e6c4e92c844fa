"""Items in Python values, whatever DynamoDB makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.aws import Aws, AwsError
from shared.aws import table as module
from shared.aws.table import ConditionFailed, Table
from shared.errors import SetupError, StoreUnavailable
from tests.support.dynamodb import FaultyAws

pytestmark = pytest.mark.system


def table(aws: Aws, prefix: str) -> Table:
    return Table(aws.client("dynamodb", StoreUnavailable), f"{prefix}Checkpoints")


def key(shard: int) -> dict[str, str]:
    return {"stream": "audio", "shard": f"{shard}"}


async def test_values_come_back_as_they_were_put(aws: Aws, prefix: str) -> None:
    item = {
        **key(1),
        "whole": 2**100,
        "negative": -5,
        "text": "día 日",
        "empty": "",
        "data": b"\x00\xff",
        "flag": False,
        "nothing": None,
        "list": [1, b"two", "three", []],
        "map": {"a": 1, "b": {}},
    }
    at = table(aws, prefix)
    await at.put(item)
    found = await at.get(key(1))
    assert found == item
    assert type(found["whole"]) is int
    assert type(found["data"]) is bytes
    assert type(found["list"][1]) is bytes
    assert await at.get(key(1), consistent=False) == item
    assert await at.get(key(2)) is None


async def test_a_write_whose_condition_fails_changes_nothing(aws: Aws, prefix: str) -> None:
    at = table(aws, prefix)
    await at.put({**key(1), "size": 1}, "attribute_not_exists(#stream)")
    with pytest.raises(ConditionFailed, match="attribute_not_exists"):
        await at.put({**key(1), "size": 2}, "attribute_not_exists(#stream)")
    with pytest.raises(ConditionFailed, match="#size > :least"):
        await at.update(key(1), "SET #size = :size", "#size > :least", size=2, least=1)
    assert await at.get(key(1)) == {**key(1), "size": 1}
    assert await at.update(key(1), "SET #size = :size REMOVE #name", "#size = :was", size=2, was=1) == {}
    assert await at.update(key(1), "ADD #size :more", "#size = :was", returning=True, more=3, was=2) == {"size": 5}


async def test_a_query_returns_all_pages(faulty: FaultyAws, prefix: str) -> None:
    async def asked(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "query":
            parameters["Limit"] = 2

    at = table(faulty, prefix)
    for shard in range(5):
        await at.put(key(shard))
    faulty.asked = asked
    assert await at.query("#stream = :stream", stream="audio") == [key(shard) for shard in range(5)]
    assert faulty.calls["query"] == 3


async def test_keys_that_a_batch_leaves_are_asked_for_again(faulty: FaultyAws, prefix: str) -> None:
    async def answered(operation: str, answer: dict[str, Any]) -> None:
        found = answer["Responses"][at.name]
        answer["UnprocessedKeys"] = {at.name: {"Keys": found[1:], "ConsistentRead": True}} if found[1:] else {}
        del found[1:]

    at = table(faulty, prefix)
    for shard in range(3):
        await at.put(key(shard))
    faulty.answered = answered
    found = await at.get_many([key(shard) for shard in range(4)])
    assert sorted(item["shard"] for item in found) == ["0", "1", "2"]
    assert await at.get_many([]) == []


async def test_of_many_items_only_what_is_named_is_read(faulty: FaultyAws, prefix: str) -> None:
    brought: list[dict[str, Any]] = []

    async def answered(operation: str, answer: dict[str, Any]) -> None:
        brought.extend(answer["Responses"][at.name])

    at = table(faulty, prefix)
    await at.put({**key(1), "size": 1, "words": "many"})
    faulty.answered = answered
    assert await at.get_many([key(1), key(2)], ["shard", "size", "name"]) == [{"shard": "1", "size": 1}]
    assert [list(item) for item in brought] == [["shard", "size"]]


async def test_batches_that_bring_nothing_again_and_again_are_given_up(
    faulty: FaultyAws, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answered(operation: str, answer: dict[str, Any]) -> None:
        answer["UnprocessedKeys"] = {at.name: {"Keys": answer["Responses"].pop(at.name)}}

    at = table(faulty, prefix)
    await at.put(key(1))
    faulty.answered = answered
    monkeypatch.setattr(module, "backoff", lambda failures, **limits: 0)
    with pytest.raises(StoreUnavailable, match=at.name):
        await at.get_many([key(1)])
    assert faulty.calls["batch_get_item"] == 6


async def test_a_call_that_makes_no_sense_is_never_made_again(aws: Aws, prefix: str) -> None:
    with pytest.raises(SetupError, match="ValidationException"):
        await table(aws, prefix).put({"shard": "1"}, "#size > :size", size=1)


async def test_a_refusal_that_nobody_knows_is_waited_out(faulty: FaultyAws, prefix: str) -> None:
    at = table(faulty, prefix)
    faulty.refuse(AwsError("come back tomorrow", "ClosedForTheNightException"))
    for call in (at.get(key(1)), at.put(key(1)), at.get_many([key(1)]), at.query("#stream = :stream", stream="audio")):
        with pytest.raises(StoreUnavailable, match="come back tomorrow"):
            await call


async def test_a_missing_table_says_how_to_make_it(aws: Aws) -> None:
    at = table(aws, "nowhere-")
    for call in (at.get(key(1)), at.put(key(1)), at.query("#stream = :stream", stream="audio")):
        with pytest.raises(SetupError, match=r"nowhere-Checkpoints does not exist .*`llt streams create`"):
            await call
