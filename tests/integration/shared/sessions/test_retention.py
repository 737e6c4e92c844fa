"""An item whose time has passed is gone, though DynamoDB has not deleted it yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.aws import Aws
from shared.errors import SessionExists, SessionUnknown
from shared.sessions import SessionState, SessionStore
from shared.sessions.dynamodb import DynamoDbSessionStore
from tests.integration.shared.sessions.item import item_of
from tests.support.clocks import ManualClock
from tests.support.localstack import Observer
from tests.support.session_store_cases import TALK, segment

pytestmark = pytest.mark.system

NOW = 1_800_000_000
DAY = 86_400


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW * 1000)


@pytest.fixture
async def store(aws: Aws, prefix: str, clock: ManualClock) -> DynamoDbSessionStore:
    made = DynamoDbSessionStore(aws, prefix, clock=clock)
    await made.create(TALK)
    return made


async def test_a_session_is_kept_30_days(store: SessionStore, clock: ManualClock) -> None:
    clock.pass_by(30 * DAY - 1)
    assert await store.load("talk") == TALK
    with pytest.raises(SessionExists):
        await store.create(TALK)
    clock.pass_by(1)
    with pytest.raises(SessionUnknown):
        await store.load("talk")
    assert await store.open_sessions() == []


async def test_an_ended_session_is_kept_7_days_from_its_end(store: SessionStore, clock: ManualClock) -> None:
    clock.pass_by(29 * DAY)
    await store.end("talk", 0, 100)
    clock.pass_by(7 * DAY - 1)
    assert (await store.load("talk")).state is SessionState.ENDED
    clock.pass_by(1)
    with pytest.raises(SessionUnknown):
        await store.load("talk")


async def test_a_session_announced_long_before_is_there_when_it_starts(store: SessionStore, clock: ManualClock) -> None:
    await store.create(replace(TALK, id="later", started_at=(NOW + 90 * DAY) * 1000))
    clock.pass_by(119 * DAY)
    assert (await store.load("later")).state is SessionState.OPEN


async def test_an_expired_session_takes_no_write_and_leaves_its_id_free(
    store: SessionStore, clock: ManualClock, observer: Observer, prefix: str
) -> None:
    take = await store.open_take("talk", None)
    await store.claim("talk", [segment(1)], unpublished=1, frontier=2, words=[])
    clock.pass_by(30 * DAY)
    for write in (
        store.open_take("talk", None),
        store.open_take("talk", take),
        store.advance_heard("talk", take, 1),
        store.touch("talk", 1),
        store.claim("talk", [segment(2)], unpublished=1, frontier=1, words=[]),
        store.configure("talk", wanted=[]),
        store.end("talk", take, 1),
    ):
        with pytest.raises(SessionUnknown):
            await write
    assert item_of(observer, prefix, "talk")["take"] == take
    await store.create(TALK)
    assert await store.load("talk") == TALK
