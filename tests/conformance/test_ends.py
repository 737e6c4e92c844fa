"""Who ends a session, and who must not: outages, clocks, mutes and workers that come and go."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.sweep import Sweep
from processors.translate.engines.scripted import ScriptedTranslator
from shared.codec import encode
from shared.metrics import Metric
from shared.models import Record, SessionEnded
from shared.sessions import SessionState
from shared.settings import Settings
from shared.streams import Entry, StreamName
from tests.conformance.host import FACTORIES, HOSTS
from tests.conformance.oracle import heard
from tests.conformance.test_faults import Refusing, RefusingStore
from tests.conformance.test_owners import SETTLED, said, sentences, world_of
from tests.conformance.world import FRAME_MS, RATE, Engines, Talk, World, frame, memory_stream
from tests.support.virtual_time import VirtualClock, run


class Skewed(VirtualClock):
    """A clock that is two hours ahead."""

    def now(self) -> int:
        return super().now() + 7_200_000


class Paced(ScriptedEngine):
    """Takes audio as Amazon Transcribe does."""

    feed_rate: float | None = 1.5


class Offering:
    """Puts what another worker's sweep says on a world's streams."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.offered: list[Record] = []

    async def publish(self, stream: StreamName, record: Record) -> None:
        raise AssertionError("a proposal must not be insisted on")

    async def offer(self, stream: StreamName, record: Record) -> None:
        self.offered.append(record)
        await self._world.streams[stream].publish([Entry(record.key, encode(record))])


async def ends(world: World) -> list[SessionEnded]:
    return [record for record in await world.read(StreamName.TRANSCRIPTS) if isinstance(record, SessionEnded)]


async def proposals(world: World) -> list[SessionEnded]:
    audio = await world.read(StreamName.AUDIO)
    return [record for record in audio if isinstance(record, SessionEnded) and record.proposal]


async def speak(world: World, talk: Talk, start: int, until: int) -> None:
    """Sends a part (ms) of a talk at real-time pace."""
    for at in range(start, until, FRAME_MS):
        await world.send(frame(talk.id, at))
        await asyncio.sleep(FRAME_MS / 1000)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("out", [StreamName.TRANSCRIPTS, StreamName.TRANSLATIONS, None])
def test_an_outage_longer_than_idle_timeout_ends_nobody_who_speaks(host: str, out: StreamName | None) -> None:
    async def main() -> None:
        talk = sentences(count=60)
        script = Script.from_words(talk.words)
        streams = {name: memory_stream(name, Refusing) for name in StreamName}
        engines = Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        world = World(FACTORIES[host], engines, settings=Settings(idle_timeout=60), streams=streams)
        if out is None:
            world.worker_store = RefusingStore(world.store)
            world.worker_store.refuses = (20.0, 120.0)
        else:
            refusing = streams[out]
            assert isinstance(refusing, Refusing)
            refusing.refuses = (20.0, 120.0)
        world.start()
        await world.speak(talk)
        await asyncio.sleep(SETTLED + 40)
        await world.stop()
        (await heard(world, talk)).assert_whole(said(talk))
        assert [end.reason for end in await ends(world)] == ["ended"]
        assert not await world.read(StreamName.DEAD_LETTERS)

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_sweep_by_others_while_the_owner_is_down_ends_nobody_who_speaks(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=100)
        world = world_of(host, talk)
        world.start()
        speaking = asyncio.create_task(world.speak(talk))
        await asyncio.sleep(20)
        await world.processes.pop(0).stop()
        outlet = Offering(world)
        sweep = asyncio.create_task(Sweep(world.store, Settings(idle_timeout=60), VirtualClock()).run(outlet))
        await asyncio.sleep(150)
        sweep.cancel()
        world.start(["transcribe"])
        await speaking
        await asyncio.sleep(SETTLED)
        await world.stop()
        assert outlet.offered
        (await heard(world, talk)).assert_whole(said(talk))
        assert [end.reason for end in await ends(world)] == ["ended"]

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_sweep_whose_clock_is_hours_ahead_ends_nobody(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=40)
        world = world_of(host, talk)
        world.start()
        sweep = asyncio.create_task(Sweep(world.store, Settings(), Skewed()).run(Offering(world)))
        await world.speak(talk)
        await asyncio.sleep(SETTLED)
        sweep.cancel()
        await world.stop()
        (await heard(world, talk)).assert_whole(said(talk))
        assert [end.reason for end in await ends(world)] == ["ended"]

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_session_that_nobody_ends_ends_by_itself_and_one_nobody_speaks_on_has_longer(host: str) -> None:
    async def main() -> None:
        talk = replace(sentences(), tail=None)
        early = Talk("early", ())
        world = world_of(host, talk)
        world.start()
        await world.open(early)
        await world.speak(talk)
        await asyncio.sleep(300 + 60 + 60)
        assert (await world.store.load("talk")).state is SessionState.ENDED
        assert (await world.store.load("early")).state is SessionState.OPEN
        assert (await world.store.load("early")).noticed_at
        await asyncio.sleep(3600)
        await world.stop()
        (await heard(world, talk)).assert_whole(said(talk))
        assert {end.session: end.reason for end in await ends(world)} == {"talk": "idle", "early": "not started"}
        assert (await world.store.load("early")).state is SessionState.ENDED

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("ahead", [20, 100, 3600, 100_000])
def test_one_frame_far_ahead_silences_nobody(host: str, ahead: int) -> None:
    async def main() -> None:
        talk = sentences(count=16)
        world = world_of(host, talk)
        world.start()
        speaking = asyncio.create_task(world.speak(talk))
        await asyncio.sleep(10)
        await world.send(replace(frame("talk", 0), offset=(10 + ahead) * RATE))
        await speaking
        await asyncio.sleep(SETTLED)
        await world.stop()
        got = await heard(world, talk)
        if ahead > 30:
            got.assert_whole(said(talk))
        else:
            assert len(got.words) >= len(said(talk)) - 2
        assert [end.reason for end in await ends(world)] == ["ended"]
        assert len(await world.read(StreamName.DEAD_LETTERS)) <= 1

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_said_behind_a_mute_of_29_s_comes_as_soon_as_ever(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=4)
        muted = talk.length
        later = replace(
            talk,
            words=tuple(replace(w, start=w.start + muted + 29_000, end=w.end + muted + 29_000) for w in talk.words),
        )
        script = Script.from_words((*talk.words, *later.words))
        engines = Engines(lambda: Paced(script), ScriptedTranslator, ScriptedSynthesizer)
        world = World(FACTORIES[host], engines)
        world.start()
        await world.open(talk)
        await speak(world, talk, 0, muted)
        await asyncio.sleep(29)
        begins = VirtualClock().now()
        await speak(world, talk, muted + 29_000, later.words[-1].end + 2000)
        await world.send(SessionEnded(session="talk", captured_at=VirtualClock().now()))
        await asyncio.sleep(SETTLED)
        await world.stop()
        results = [r for r in await world.read(StreamName.TRANSCRIPTS) if not isinstance(r, SessionEnded)]
        first = min(r.hops["transcribe"] for r in results if getattr(r, "start", 0) >= muted + 29_000)
        assert first - begins <= 2500
        assert world.metrics.total(Metric.RECOGNISER_DROPS) == 0

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_second_worker_that_starts_and_stops_leaves_the_session_whole_and_soon_to_the_first(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=30)
        world = world_of(host, talk)
        world.start()
        speaking = asyncio.create_task(world.speak(talk))
        await asyncio.sleep(6)
        world.start(["transcribe"])
        await asyncio.sleep(7)
        assert (await world.store.load("talk")).take == 2
        await world.processes.pop().stop()
        await asyncio.sleep(5)
        assert (await world.store.load("talk")).take == 3
        await speaking
        await asyncio.sleep(SETTLED)
        await world.stop()
        assert world.metrics.total(Metric.FENCED, stage="transcribe") == 1
        (await heard(world, talk)).assert_whole(said(talk))
        assert [end.take for end in await ends(world)] == [3]

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_two_workers_do_not_take_a_session_from_each_other_again_and_again(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=100)
        world = world_of(host, talk)
        world.start()
        speaking = asyncio.create_task(world.speak(talk))
        await asyncio.sleep(6)
        world.start(["transcribe"])
        await speaking
        await asyncio.sleep(SETTLED)
        await world.stop()
        assert (await world.store.load("talk")).take == 2
        (await heard(world, talk)).assert_whole(said(talk))
        assert not await proposals(world)

    run(main())
