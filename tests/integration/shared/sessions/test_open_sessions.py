"""What the sweep asks: the open sessions, however many have ended."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import CodecError
from shared.models import Translation
from shared.sessions import SessionState, SessionStore
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.sessions.item import to_claimed
from tests.integration.shared.sessions.item import item_of
from tests.support.dynamodb import FaultyAws
from tests.support.localstack import Observer
from tests.support.session_store_cases import FULL, TALK

pytestmark = pytest.mark.system


async def test_pages_and_batches_of_them_are_found(faulty: FaultyAws, prefix: str) -> None:
    async def asked(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "query":
            parameters["Limit"] = 50

    store = DynamoDbSessionStore(faulty, prefix)
    await asyncio.gather(*(store.create(replace(TALK, id=f"talk-{number}")) for number in range(120)))
    await asyncio.gather(*(store.end(f"talk-{number}", 0, 0) for number in range(0, 120, 12)))
    faulty.asked = asked
    found = await store.open_sessions()
    assert sorted(item.id for item in found) == sorted(f"talk-{n}" for n in range(120) if n % 12)
    assert (faulty.calls["query"], faulty.calls["batch_get_item"]) == (3, 2)


async def test_ended_sessions_cost_nothing(faulty: FaultyAws, prefix: str) -> None:
    store = DynamoDbSessionStore(faulty, prefix)
    await store.create(FULL)
    assert await store.open_sessions() == []
    assert "batch_get_item" not in faulty.calls


async def test_one_that_the_index_lists_too_long_is_left_out(faulty: FaultyAws, prefix: str) -> None:
    async def answered(operation: str, answer: dict[str, Any]) -> None:
        if operation == "query":
            answer["Items"] += [{"id": {"S": FULL.id}}, {"id": {"S": "deleted"}}]

    store = DynamoDbSessionStore(faulty, prefix)
    await store.create(TALK)
    await store.create(FULL)
    faulty.answered = answered
    assert await store.open_sessions() == [TALK]


async def test_what_was_said_is_left_where_it_is(faulty: FaultyAws, prefix: str) -> None:
    """It may be hundreds of KB of each session, every 30 s in each worker."""
    brought: list[dict[str, Any]] = []

    async def answered(operation: str, answer: dict[str, Any]) -> None:
        if operation == "batch_get_item":
            brought.extend(answer["Responses"][f"{prefix}Sessions"])

    store = DynamoDbSessionStore(faulty, prefix)
    full = replace(FULL, state=SessionState.OPEN)
    await store.create(full)
    faulty.answered = answered
    assert await store.open_sessions() == [replace(full, words=(), claimed=())]
    assert not {"words", "claimed"} & brought[0].keys()
    assert await store.load(FULL.id) == full


@pytest.mark.parametrize("change", [{"rate": None}, {"rate": 7}, {"target_languages": None}])
async def test_one_that_cannot_be_read_hides_no_other(
    store: SessionStore, prefix: str, observer: Observer, caplog: pytest.LogCaptureFixture, change: dict[str, Any]
) -> None:
    table = observer.resource("dynamodb").Table(prefix + "Sessions")
    table.put_item(Item=item_of(observer, prefix, "talk") | {"id": "broken"} | change)
    assert await store.open_sessions() == [TALK]
    assert "session broken: its item cannot be read" in caplog.text


@pytest.mark.parametrize(
    "claimed",
    [
        None,
        b"nonsense",
        zlib.compress(b"\0"),
        zlib.compress(b"\0\0\0\5short"),
        to_claimed([Translation(session="talk", captured_at=1, number=1, language="es", text="", start=1, end=2)]),  # type: ignore[list-item]
    ],
)
async def test_claims_that_cannot_be_read_are_told(
    store: SessionStore, prefix: str, observer: Observer, claimed: bytes | None
) -> None:
    table = observer.resource("dynamodb").Table(prefix + "Sessions")
    table.put_item(Item=item_of(observer, prefix, "talk") | {"id": "broken", "claimed": claimed})
    with pytest.raises(CodecError, match="session broken: its item cannot be read"):
        await store.load("broken")
