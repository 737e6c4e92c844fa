"""A write takes effect, its answer is lost, and it is tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from shared.errors import ClaimRefused, Fenced, SessionExists, StoreUnavailable
from shared.sessions import SessionState, SessionStore
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.sessions.idempotency import IdempotencyTokens
from shared.sessions.session import token_hash
from tests.support.dynamodb import FaultyAws
from tests.support.session_store_cases import TALK, segment

pytestmark = pytest.mark.system


@pytest.fixture
async def store(faulty: FaultyAws, prefix: str) -> DynamoDbSessionStore:
    made = DynamoDbSessionStore(faulty, prefix)
    await made.create(TALK)
    return made


async def lose(faulty: FaultyAws, store: SessionStore, held: int) -> None:
    faulty.lose_answers("update_item", 1)
    with pytest.raises(StoreUnavailable):
        await store.open_take("talk", held)


async def test_a_reopening_does_not_fence_its_own_writer(faulty: FaultyAws, store: SessionStore) -> None:
    held = await store.open_take("talk", None)
    await lose(faulty, store, held)
    assert await store.open_take("talk", held) == held + 1
    await store.advance_heard("talk", held + 1, 500)
    with pytest.raises(Fenced):
        await store.open_take("talk", held)


async def test_the_look_at_what_became_of_it_may_fail_too(faulty: FaultyAws, store: SessionStore) -> None:
    held = await store.open_take("talk", None)
    await lose(faulty, store, held)
    faulty.lose_answers("get_item", 2)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.open_take("talk", held)
    assert await store.open_take("talk", held) == held + 1


async def test_a_reopening_that_never_arrived_is_made(faulty: FaultyAws, store: SessionStore) -> None:
    held = await store.open_take("talk", None)
    faulty.refuse(StoreUnavailable("down"))
    with pytest.raises(StoreUnavailable):
        await store.open_take("talk", held)
    faulty.refuse(None)
    assert await store.open_take("talk", held) == held + 1
    assert (await store.load("talk")).take == held + 1


@pytest.mark.parametrize("same", [True, False], ids=["of the same store", "of another"])
async def test_a_newer_taker_fences_it_all_the_same(
    faulty: FaultyAws, store: SessionStore, other: SessionStore, same: bool
) -> None:
    held = await store.open_take("talk", None)
    await lose(faulty, store, held)
    newer = await (store if same else other).open_take("talk", None)
    assert newer == held + 2
    with pytest.raises(Fenced, match="expected take 1, the item has 3"):
        await store.open_take("talk", held)


@pytest.mark.parametrize("same", [True, False], ids=["of the same store", "of another"])
async def test_it_is_not_taken_for_an_opening_that_another_made(
    faulty: FaultyAws, store: SessionStore, other: SessionStore, same: bool
) -> None:
    held = await store.open_take("talk", None)
    faulty.refuse(StoreUnavailable("down"))
    with pytest.raises(StoreUnavailable):
        await store.open_take("talk", held)
    faulty.refuse(None)
    assert await (store if same else other).open_take("talk", None) == held + 1
    with pytest.raises(Fenced, match="expected take 1, the item has 2"):
        await store.open_take("talk", held)


@pytest.mark.parametrize("meanwhile", [False, True], ids=["at once", "after a worker opened it"])
async def test_a_session_whose_creation_is_tried_again_is_there(
    faulty: FaultyAws, store: SessionStore, other: SessionStore, meanwhile: bool
) -> None:
    new = replace(TALK, id="new", publish_token_hash=token_hash("publish"))
    faulty.lose_answers("put_item", 1)
    with pytest.raises(StoreUnavailable):
        await store.create(new)
    if meanwhile:
        await other.open_take("new", None)
    faulty.lose_answers("get_item", 1)
    with pytest.raises(StoreUnavailable):
        await store.create(new)
    await store.create(new)
    assert await store.load("new") == replace(new, take=meanwhile)
    # What is created now is another.
    for at in (store, other):
        with pytest.raises(SessionExists):
            await at.create(new)


@pytest.mark.parametrize("same", [True, False], ids=["of the same store", "of another"])
async def test_a_session_of_somebody_else_is_not_taken_for_ones_own(
    faulty: FaultyAws, store: SessionStore, other: SessionStore, same: bool
) -> None:
    new = replace(TALK, id="new", publish_token_hash=token_hash("publish"))
    faulty.refuse(StoreUnavailable("down"))
    with pytest.raises(StoreUnavailable):
        await store.create(new)
    faulty.refuse(None)
    theirs = replace(new, publish_token_hash=token_hash("another"))
    await (store if same else other).create(theirs)
    with pytest.raises(SessionExists):
        await store.create(new)
    assert await store.load("new") == theirs


def test_what_nobody_tries_again_is_forgotten_in_the_end() -> None:
    tokens = IdempotencyTokens()
    given = [tokens.token_for(number) for number in range(1500)]
    for number, token in enumerate(given):
        tokens.lost(number, token)
    assert len(set(given)) == 1500
    assert [number for number, token in enumerate(given) if tokens.token_for(number) == token] == list(range(500, 1500))


async def test_a_claim_is_refused_and_the_item_has_it(faulty: FaultyAws, store: SessionStore) -> None:
    faulty.lose_answers("update_item", 1)
    with pytest.raises(StoreUnavailable):
        await store.claim("talk", [segment(1)], unpublished=1, frontier=2, words=[])
    with pytest.raises(ClaimRefused):
        await store.claim("talk", [segment(1)], unpublished=1, frontier=2, words=[])
    assert (await store.load("talk")).claimed == (segment(1),)


async def test_all_else_may_be_written_twice(faulty: FaultyAws, store: SessionStore) -> None:
    take = await store.open_take("talk", None)
    writes: list[Callable[[], Awaitable[None]]] = [
        lambda: store.advance_heard("talk", take, 500),
        lambda: store.touch("talk", 7000),
        lambda: store.configure("talk", wanted=["es"]),
        lambda: store.end("talk", take, 600),
    ]
    for write in writes:
        faulty.lose_answers("update_item", 1)
        with pytest.raises(StoreUnavailable):
            await write()
        await write()
    item = await store.load("talk")
    assert (item.heard, item.last_frame_at, item.wanted, item.state) == (600, 7000, ("es",), SessionState.ENDED)
