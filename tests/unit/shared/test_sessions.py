"""The session's item: who may write what, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from shared.errors import ClaimRefused, Fenced, SessionExists, SessionUnknown, SettingError
from shared.models import Segment, Word
from shared.sessions import MemorySessionStore, Session, SessionState, SessionStore
from shared.sessions.session import token_hash

TALK = Session(id="talk", source_language="en", target_languages=("es", "ca"), started_at=1000)


def segment(number: int) -> Segment:
    return Segment(
        session="talk", captured_at=1, number=number, language="en", text=f"part {number}", start=number, end=number + 1
    )


@pytest.fixture(params=[MemorySessionStore])
def store(request: pytest.FixtureRequest) -> SessionStore:
    """A store that has the session already."""
    make: Callable[[], SessionStore] = request.param
    made = make()
    asyncio.run(made.create(TALK))
    return made


@pytest.mark.parametrize("id", ["", "-talk", ".talk", "a b", "a/b", "é", "talk\n", "x" * 129])
def test_an_id_that_would_not_do_as_a_key_is_refused(id: str) -> None:
    with pytest.raises(SettingError, match="expected 1-128 letters"):
        Session(id=id, source_language="en", target_languages=(), started_at=0)


@pytest.mark.parametrize("id", ["a", "7", "Talk_2026-01.b", "x" * 128])
def test_an_id_of_letters_digits_and_joints_will_do(id: str) -> None:
    assert Session(id=id, source_language="en", target_languages=(), started_at=0).id == id


@pytest.mark.parametrize("rate", [0, 7999, 48_001])
def test_a_rate_no_frame_may_have_is_refused(rate: int) -> None:
    with pytest.raises(SettingError, match=f"expected a rate of 8000-48000 Hz, got {rate}"):
        Session(id="talk", source_language="en", target_languages=(), started_at=0, rate=rate)


def test_a_token_is_kept_as_its_hash_alone() -> None:
    assert token_hash("secret") == token_hash("secret") != token_hash("Secret")
    assert "secret" not in token_hash("secret")
    assert len(token_hash("")) == 64


async def test_a_session_is_created_once(store: SessionStore) -> None:
    assert await store.load("talk") == TALK
    with pytest.raises(SessionExists, match="talk"):
        await store.create(TALK)


async def test_a_session_nobody_created_is_unknown_to_every_method(store: SessionStore) -> None:
    for attempt in (
        store.load("other"),
        store.open_take("other", None),
        store.hear("other", 1, 1),
        store.touch("other", 1),
        store.claim("other", [segment(1)], unpublished=1, frontier=1, words=[]),
        store.configure("other", wanted=[]),
        store.end("other", 1),
    ):
        with pytest.raises(SessionUnknown, match="'other'"):
            await attempt


async def test_a_take_that_another_worker_has_raised_fences_the_first(store: SessionStore) -> None:
    assert await store.open_take("talk", None) == 1
    assert await store.open_take("talk", 1) == 2
    assert await store.open_take("talk", None) == 3
    with pytest.raises(Fenced, match="expected take 2, the item has 3"):
        await store.open_take("talk", 2)
    with pytest.raises(Fenced, match="expected take 2, the item has 3"):
        await store.hear("talk", 2, 9000)
    item = await store.load("talk")
    assert (item.take, item.heard) == (3, 0)


async def test_heard_and_last_frame_only_rise(store: SessionStore) -> None:
    take = await store.open_take("talk", None)
    for heard in (500, 200, 700, 600):
        await store.hear("talk", take, heard)
        await store.touch("talk", heard * 2)
    item = await store.load("talk")
    assert (item.heard, item.last_frame_at) == (700, 1400)
    await store.end("talk", 300)
    assert (await store.load("talk")).heard == 700


async def test_of_two_workers_that_claim_the_same_number_one_is_refused(store: SessionStore) -> None:
    words = [Word("part", 0, 1), Word("2", 1, 2)]
    await store.claim("talk", [segment(1), segment(2)], unpublished=1, frontier=3, words=words)
    decided = await store.load("talk")
    assert (decided.number, decided.frontier, decided.words) == (2, 3, tuple(words))
    assert decided.claimed == (segment(1), segment(2))
    for number in (1, 2, 4):
        with pytest.raises(ClaimRefused, match=f"expected a claim from 3, got one from {number}"):
            await store.claim("talk", [segment(number)], unpublished=1, frontier=9, words=[])
    assert await store.load("talk") == decided


async def test_claims_stay_until_they_are_published(store: SessionStore) -> None:
    await store.claim("talk", [segment(1)], unpublished=1, frontier=2, words=[])
    await store.claim("talk", [segment(2), segment(3)], unpublished=1, frontier=4, words=[])
    assert [claimed.number for claimed in (await store.load("talk")).claimed] == [1, 2, 3]
    await store.claim("talk", [segment(4)], unpublished=3, frontier=5, words=[])
    assert [claimed.number for claimed in (await store.load("talk")).claimed] == [3, 4]


async def test_what_is_not_configured_stays_as_it_is(store: SessionStore) -> None:
    await store.configure("talk", settings={"PAUSE_THRESHOLD": "1"})
    await store.configure("talk", wanted=["es"])
    item = await store.load("talk")
    assert (item.settings, item.wanted) == ({"PAUSE_THRESHOLD": "1"}, ("es",))
    await store.configure("talk", settings={}, wanted=[])
    item = await store.load("talk")
    assert (item.settings, item.wanted) == ({}, ())


async def test_an_ended_session_is_open_no_more(store: SessionStore) -> None:
    assert [item.id for item in await store.open_sessions()] == ["talk"]
    await store.end("talk", 5000)
    item = await store.load("talk")
    assert (item.state, item.heard) == (SessionState.ENDED, 5000)
    assert await store.open_sessions() == []
