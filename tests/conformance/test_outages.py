"""A session's item, a language, a whole stream or the store is refused, or an answer is lost: nothing else is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from shared.codec import decode
from shared.errors import StoreUnavailable, StreamUnavailable
from shared.models import DeadLetter, Record, SessionEnded, Translation
from shared.sessions import MemorySessionStore
from shared.streams import Entry, MemoryStream, StreamName
from tests.conformance.host_under_test import HOSTS
from tests.conformance.scripted_cluster import SETTLED, cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, SimulatedCluster, Talk, frame
from tests.support.refusing_stream import RefusingStream
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

#: How much later (s) than undisturbed a neighbour may be.
LATE = 1.0
OUTPUTS = [StreamName.TRANSCRIPTS, StreamName.SEGMENTS, StreamName.UNIQUE_SEGMENTS, StreamName.TRANSLATIONS]


def now() -> float:
    return asyncio.get_running_loop().time()


class HotItem:
    """A session store that refuses one session's item between two times (s)."""

    def __init__(self, store: MemorySessionStore, until: float) -> None:
        self._store = store
        self._until = until

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def act(session: str, *args: Any, **named: Any) -> Any:
            if session == "hot" and 10 <= now() < self._until:
                raise StoreUnavailable("the item is refused")
            return await method(session, *args, **named)

        return method if name == "open_sessions" else act


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_a_session_whose_item_is_refused_delays_itself_alone_and_is_whole_afterwards(host: str) -> None:
    async def main() -> None:
        talks = [sentences("hot", 40), sentences("neighbour", 40)]
        latest = {}
        for until in (0.0, 70.0):
            cluster = cluster_of(host, *talks)
            begun = now()
            cluster.worker_store = HotItem(cluster.store, begun + until)
            cluster.start()
            await asyncio.gather(*(cluster.speak(talk) for talk in talks))
            await asyncio.sleep(SETTLED + 60)
            await cluster.stop()
            for talk in talks:
                got = await session_output(cluster, talk)
                got.assert_whole(said(talk))
                latest[talk.id, until] = max(s.hops["dedup"] - s.captured_at for s in got.segments)
            assert not await cluster.read(StreamName.DEAD_LETTERS)
        assert latest["neighbour", 70.0] <= latest["neighbour", 0.0] + LATE * 1000

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", [StreamName.TRANSLATIONS, StreamName.SPEECH])
def test_a_language_that_is_throttled_delays_no_other_of_its_session(host: str, stream: StreamName) -> None:
    async def main() -> None:
        talk = sentences("talk", 30)
        cluster = cluster_of(host, talk, kind=RefusingStream)
        throttled = cluster.streams[stream]
        assert isinstance(throttled, RefusingStream)
        throttled.keys, throttled.refuses = frozenset({"talk/es"}), (8.0, 68.0)
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED + 40)
        await cluster.stop()
        got = await session_output(cluster, talk)
        got.assert_whole(said(talk))
        assert max(clip.hops["synthesize"] - clip.hops["dedup"] for clip in got.clips["ca"]) < LATE * 1000
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_a_parked_language_of_a_fused_worker_is_decided_on_before_the_other_would_wait_for_it(host: str) -> None:
    """More segments than stability may have under way at once are said while one language is refused."""

    async def main() -> None:
        talk = sentences("talk", 130)
        cluster = cluster_of(host, talk, kind=RefusingStream)
        throttled = cluster.streams[StreamName.TRANSLATIONS]
        assert isinstance(throttled, RefusingStream)
        throttled.keys, throttled.refuses = frozenset({"talk/es"}), (8.0, 330.0)
        cluster.start(("transcribe", "stability+dedup+translate", "synthesize"))
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED + 60)
        await cluster.stop()
        got = await session_output(cluster, talk)
        assert got.words == said(talk)
        assert len(got.segments) > 110
        assert max(clip.hops["synthesize"] - clip.captured_at for clip in got.clips["ca"]) < 3 * LATE * 1000
        dead_letters = [
            letter for letter in await cluster.read(StreamName.DEAD_LETTERS) if isinstance(letter, DeadLetter)
        ]
        rejected = [
            record.number for letter in dead_letters if isinstance(record := decode(letter.payload), Translation)
        ]
        assert rejected
        both = sorted(rejected + [translation.number for translation in got.translations["es"]])
        assert both == [segment.number for segment in got.segments]

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", [StreamName.AUDIO, *OUTPUTS, StreamName.SPEECH, None])
def test_an_outage_of_400_s_loses_and_doubles_nothing_and_makes_no_dead_letter(
    host: str, stream: StreamName | None
) -> None:
    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk, kind=RefusingStream)
        if stream is None:
            cluster.worker_store = Outage(cluster.store)
        else:
            out = cluster.streams[stream]
            assert isinstance(out, RefusingStream)
            out.refuses = (5.0, 405.0)
        cluster.start()
        await speak_through(cluster, talk)
        await asyncio.sleep(400 + SETTLED)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


class Outage:
    """A session store that is out for 400 s."""

    def __init__(self, store: MemorySessionStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if 5 <= now() < 405:
            raise StoreUnavailable("the store is out")
        return getattr(self._store, name)


async def speak_through(cluster: SimulatedCluster, talk: Talk) -> None:
    """Speaks as a producer does: what is refused is sent again, and nothing overtakes it."""
    await cluster.open(talk)
    for start in range(0, talk.length, FRAME_MS):
        await asyncio.sleep(max(0.0, start / 1000 - now()))
        await send(cluster, frame(talk.id, start))
    await send(cluster, SessionEnded(session=talk.id, captured_at=VirtualClock().now()))


async def send(cluster: SimulatedCluster, record: Record) -> None:
    while True:
        try:
            return await cluster.send(record)
        except StreamUnavailable:
            await asyncio.sleep(0.1)


class Forgetful(MemoryStream):
    """Takes what it is given, and says of every third write that it has not."""

    chance = random.Random(1)

    async def publish(self, entries: Sequence[Entry]) -> None:
        await super().publish(entries)
        if self.name is not StreamName.AUDIO and self.chance.random() < 1 / 3:
            raise StreamUnavailable("the answer was lost")


class ForgetfulStore:
    """A session store that does what it is asked, and says of every third write that it has not."""

    def __init__(self, store: MemorySessionStore) -> None:
        self._store = store
        self._chance = random.Random(2)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def act(*args: Any, **named: Any) -> Any:
            answer = await method(*args, **named)
            if name not in {"load", "open_sessions"} and self._chance.random() < 1 / 3:
                raise StoreUnavailable("the answer was lost")
            return answer

        return act


@pytest.mark.parametrize("host", HOSTS)
def test_writes_whose_answers_are_lost_lose_and_double_nothing(host: str) -> None:
    async def main() -> None:
        talks = [sentences("first"), sentences("second")]
        cluster = cluster_of(host, *talks, kind=Forgetful)
        cluster.worker_store = ForgetfulStore(cluster.store)
        cluster.start()
        await asyncio.gather(*(cluster.speak(talk) for talk in talks))
        await asyncio.sleep(SETTLED + 60)
        await cluster.stop()
        for talk in talks:
            (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())
