"""Sessions in DynamoDB: what every store does, for any number of processes, as an operator sees it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from string import ascii_lowercase

import pytest

from shared.aws import Aws
from shared.errors import (
    ClaimRefused,
    Fenced,
    SessionUnknown,
    SetupError,
    StoreUnavailable,
)
from shared.models import Segment, Word
from shared.sessions import SessionState, SessionStore
from shared.sessions.dynamodb import KEPT_ENDED, KEPT_OPEN, DynamoDbSessionStore
from tests.integration.shared.sessions.item import item_of
from tests.support.clocks import ManualClock
from tests.support.localstack import Observer
from tests.support.session_store_cases import FULL, TALK, SessionStoreCases, segment
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

NOW = 1_800_000_000


class TestDynamoDbSessionStore(SessionStoreCases):
    """In the table Sessions."""


async def test_an_operator_can_read_the_item(aws: Aws, prefix: str, observer: Observer) -> None:
    store = DynamoDbSessionStore(aws, prefix, clock=ManualClock(NOW * 1000))
    await store.create(replace(FULL, state=SessionState.OPEN))
    item = item_of(observer, prefix, FULL.id)
    for name in ("owner", "publish_token_hash", "listen_token_hash", "settings", "take", "heard", "number", "frontier"):
        assert item[name] == getattr(FULL, name)
    assert (item["state"], item["open"], item["target_languages"]) == ("open", "open", ["es"])
    assert item["words"].startswith('[["día",1,2,true,0.5,"spk_0"]')
    assert item["expires_at"] == NOW + KEPT_OPEN
    await store.end(FULL.id, FULL.take, 0)
    item = item_of(observer, prefix, FULL.id)
    assert (item["state"], item["heard"], item["expires_at"]) == ("ended", FULL.heard, NOW + KEPT_ENDED)
    assert "open" not in item


async def test_of_many_that_claim_the_same_number_one_decides(store: SessionStore, other: SessionStore) -> None:
    async def claim(at: SessionStore, number: int, by: int) -> int | None:
        decided = [replace(segment(number), text=f"{by}")]
        try:
            await at.claim("talk", decided, unpublished=1, frontier=by, words=[Word(f"{by}", 0, 1)])
        except ClaimRefused as refused:
            assert f"expected a claim from {number + 1}, got one from {number}" in str(refused)
            return None
        return by

    won = []
    for number in (1, 2, 3):
        results = await asyncio.gather(*(claim((store, other)[by % 2], number, by) for by in range(8)))
        winner, *losers = [by for by in results if by is not None]
        assert not losers
        won.append(winner)
        item = await store.load("talk")
        assert (item.number, item.frontier, item.words) == (number, winner, (Word(f"{winner}", 0, 1),))
        assert [(claimed.number, claimed.text) for claimed in item.claimed] == [
            (number, f"{by}") for number, by in enumerate(won, 1)
        ]


async def test_every_opening_is_a_take_of_its_own(store: SessionStore, other: SessionStore) -> None:
    takes = await asyncio.gather(*((store, other)[by % 2].open_take("talk", None) for by in range(8)))
    assert sorted(takes) == list(range(1, 9))


async def test_of_many_that_reopen_one_take_one_succeeds(store: SessionStore, other: SessionStore) -> None:
    held = await store.open_take("talk", None)
    results = await asyncio.gather(
        *((store, other)[by % 2].open_take("talk", held) for by in range(8)), return_exceptions=True
    )
    assert [result for result in results if not isinstance(result, Fenced)] == [held + 1]


async def test_a_fenced_writer_is_not_heard(store: SessionStore, other: SessionStore) -> None:
    held = await store.open_take("talk", None)
    await store.advance_heard("talk", held, 500)
    newer = await other.open_take("talk", None)
    for heard in (400, 500, 600):
        with pytest.raises(Fenced, match="expected take 1, the item has 2"):
            await store.advance_heard("talk", held, heard)
    await asyncio.gather(*(other.advance_heard("talk", newer, heard) for heard in (900, 700, 800)))
    assert (await store.load("talk")).heard == 900


async def test_writers_of_different_fields_do_not_undo_each_other(store: SessionStore, other: SessionStore) -> None:
    take = await store.open_take("talk", None)
    await asyncio.gather(
        store.claim("talk", [segment(1)], unpublished=1, frontier=3, words=[]),
        store.advance_heard("talk", take, 500),
        other.touch("talk", 9000),
        other.configure("talk", settings={"PAUSE_THRESHOLD": "1"}, wanted=["es"]),
        other.end("talk", take, 300),
    )
    item = await store.load("talk")
    assert item == replace(
        TALK, state=SessionState.ENDED, take=1, heard=500, last_frame_at=9000, number=1, frontier=3,
        claimed=(segment(1),), settings={"PAUSE_THRESHOLD": "1"}, wanted=("es",),
    )  # fmt: skip


async def test_what_a_backlog_of_an_hour_claims_fits_into_an_item(store: SessionStore) -> None:
    """DynamoDB takes no item of more than 400 KB."""
    chance = random.Random(1)

    def spoken(number: int) -> Segment:
        said = ["".join(chance.choices(ascii_lowercase, k=5)) for _ in range(10)]
        words = tuple(
            Word(text, at, at + chance.randint(100, 400), True, round(chance.random(), 3))
            for at, text in enumerate(said, number * 3000)
        )
        return replace(segment(number), text=" ".join(said), words=words, hops={"ingest": NOW * 1000 + number * 3000})

    segments = [spoken(number) for number in range(1, 1201)]
    await store.claim("talk", segments, unpublished=1, frontier=1, words=segments[0].words * 4)
    assert (await store.load("talk")).claimed == tuple(segments)


@pytest.mark.parametrize("id", ["", "a/b", "é", "x" * 3000])
async def test_an_id_that_no_session_may_have_is_unknown(store: SessionStore, id: str) -> None:
    """DynamoDB refuses some of them as keys: that would be taken for a fault of the store."""
    for attempt in (
        store.load(id),
        store.open_take(id, None),
        store.open_take(id, 1),
        store.advance_heard(id, 1, 1),
        store.touch(id, 1),
        store.claim(id, [segment(1)], unpublished=1, frontier=1, words=[]),
        store.configure(id, wanted=[]),
        store.configure(id),
    ):
        with pytest.raises(SessionUnknown, match="no session"):
            await attempt


async def test_a_missing_table_says_how_to_make_it(aws: Aws) -> None:
    store = DynamoDbSessionStore(aws, "nowhere-")
    for attempt in (store.create(TALK), store.load("talk"), store.open_take("talk", None), store.open_sessions()):
        with pytest.raises(SetupError, match=r"table nowhere-Sessions .*`llt streams create`"):
            await attempt


async def test_an_endpoint_that_is_down_is_told_at_once(
    aws_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    async with asyncio.timeout(TIMEOUT):
        with pytest.raises(StoreUnavailable):
            await DynamoDbSessionStore(Aws()).load("talk")
