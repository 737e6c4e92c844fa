"""What every SessionStore does: who may write what, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import ClaimRefused, Fenced, SessionExists, SessionUnknown
from shared.models import Segment, Word
from shared.sessions import Session, SessionState, SessionStore
from shared.sessions.session import token_hash

TALK = Session(id="talk", source_language="en", target_languages=("es", "ca"), started_at=1000)


def segment(number: int) -> Segment:
    return Segment(
        session="talk", captured_at=1, number=number, language="en", text=f"part {number}", start=number, end=number + 1
    )


#: Every field has a value that is not its default.
FULL = Session(
    id="Full_1.a-b",
    source_language="en-US",
    target_languages=("es",),
    started_at=1_700_000_000_123,
    rate=8000,
    owner="Zoë",
    publish_token_hash=token_hash("publish"),
    listen_token_hash=token_hash("listen"),
    settings={"PAUSE_THRESHOLD": "1.5", "X": ""},
    wanted=(),
    state=SessionState.ENDED,
    take=3,
    heard=61_000,
    last_frame_at=1_700_000_060_000,
    number=2,
    frontier=60_900,
    words=(Word("día", 1, 2, True, 0.5, "spk_0"), Word('"x"', 2, 3, stable=False), Word("日", 3, 4, confidence=1)),
    claimed=(replace(segment(1), hops={"ingest": 5}, words=(Word("part", 1, 2),)), replace(segment(2), text="")),
)


class SessionStoreCases:
    """Tests of the fixture `store`, a store that has the session TALK already."""

    async def test_a_session_comes_back_as_it_was_created(self, store: SessionStore) -> None:
        await store.create(FULL)
        assert await store.load(FULL.id) == FULL
        assert await store.open_sessions() == [TALK]

    async def test_a_session_is_created_once(self, store: SessionStore) -> None:
        assert await store.load("talk") == TALK
        with pytest.raises(SessionExists, match="talk"):
            await store.create(TALK)

    async def test_the_first_start_stays(self, store: SessionStore) -> None:
        assert (await store.begin("talk", 9000)) == TALK
        await store.create(replace(TALK, id="early", started_at=0))
        for started_at in (5000, 4000, 6000):
            assert (await store.begin("early", started_at)).started_at == 5000
        assert (await store.load("early")).started_at == 5000
        with pytest.raises(SessionUnknown, match="'other'"):
            await store.begin("other", 1)

    async def test_a_session_nobody_created_is_unknown_to_every_method(self, store: SessionStore) -> None:
        for attempt in (
            store.load("other"),
            store.open_take("other", None),
            store.advance_heard("other", 1, 1),
            store.touch("other", 1),
            store.claim("other", [segment(1)], unpublished=1, frontier=1, words=[]),
            store.configure("other", wanted=[]),
            store.configure("other"),
            store.end("other", 0, 1),
        ):
            with pytest.raises(SessionUnknown, match="'other'"):
                await attempt

    async def test_a_take_that_another_worker_has_raised_fences_the_first(self, store: SessionStore) -> None:
        assert await store.open_take("talk", None) == 1
        assert await store.open_take("talk", 1) == 2
        assert await store.open_take("talk", None) == 3
        with pytest.raises(Fenced, match="expected take 2, the item has 3"):
            await store.open_take("talk", 2)
        with pytest.raises(Fenced, match="expected take 2, the item has 3"):
            await store.advance_heard("talk", 2, 9000)
        with pytest.raises(Fenced, match="expected take 2, the item has 3"):
            await store.end("talk", 2, 9000)
        item = await store.load("talk")
        assert (item.take, item.heard, item.state) == (3, 0, SessionState.OPEN)

    async def test_heard_and_last_frame_only_rise(self, store: SessionStore) -> None:
        take = await store.open_take("talk", None)
        for heard in (500, 200, 700, 600):
            await store.advance_heard("talk", take, heard)
            await store.touch("talk", heard * 2)
        item = await store.load("talk")
        assert (item.heard, item.last_frame_at) == (700, 1400)
        await store.end("talk", take, 300)
        assert (await store.load("talk")).heard == 700

    async def test_of_two_workers_that_claim_the_same_number_one_is_refused(self, store: SessionStore) -> None:
        words = [Word("part", 0, 1), Word("2", 1, 2)]
        await store.claim("talk", [segment(1), segment(2)], unpublished=1, frontier=3, words=words)
        decided = await store.load("talk")
        assert (decided.number, decided.frontier, decided.words) == (2, 3, tuple(words))
        assert decided.claimed == (segment(1), segment(2))
        for number in (1, 2, 4):
            with pytest.raises(ClaimRefused, match=f"expected a claim from 3, got one from {number}"):
                await store.claim("talk", [segment(number)], unpublished=1, frontier=9, words=[])
        assert await store.load("talk") == decided

    async def test_claims_stay_until_they_are_published(self, store: SessionStore) -> None:
        await store.claim("talk", [segment(1)], unpublished=1, frontier=2, words=[])
        await store.claim("talk", [segment(2), segment(3)], unpublished=1, frontier=4, words=[])
        assert [claimed.number for claimed in (await store.load("talk")).claimed] == [1, 2, 3]
        await store.claim("talk", [segment(4)], unpublished=3, frontier=5, words=[])
        assert [claimed.number for claimed in (await store.load("talk")).claimed] == [3, 4]

    async def test_what_is_not_configured_stays_as_it_is(self, store: SessionStore) -> None:
        await store.configure("talk", settings={"PAUSE_THRESHOLD": "1"})
        await store.configure("talk", wanted=["es"])
        item = await store.load("talk")
        assert (item.settings, item.wanted) == ({"PAUSE_THRESHOLD": "1"}, ("es",))
        await store.configure("talk", settings={}, wanted=[])
        await store.configure("talk")
        item = await store.load("talk")
        assert (item.settings, item.wanted) == ({}, ())

    async def test_an_ended_session_is_open_no_more(self, store: SessionStore) -> None:
        assert [item.id for item in await store.open_sessions()] == ["talk"]
        await store.end("talk", 0, 5000)
        await store.end("talk", 0, 5000)
        item = await store.load("talk")
        assert (item.state, item.heard) == (SessionState.ENDED, 5000)
        assert await store.open_sessions() == []
