"""Two hosts on the same streams, in any order of starts and stops: one serves a session, the other stands by."""

from __future__ import annotations

import asyncio
import random

import pytest

from processors.hosts.local import LocalHost
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import Metric
from shared.models import SessionEnded
from shared.streams import MemoryStream, StreamName
from shared.text import normalise
from tests.conformance.host_under_test import FACTORIES, HOSTS
from tests.conformance.scripted_cluster import cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import STAGES, Engines, SimulatedCluster, Talk
from tests.conformance.subscribers import Subscribers
from tests.support.effort import tries
from tests.support.virtual_time import VirtualClock, run

pytestmark = [pytest.mark.hermetic, pytest.mark.no_cover]

SETTLED = 60


class Ups:
    """A cluster in which `llt up` is started several times: one process with every stage, on shared streams."""

    def __init__(self, *talks: Talk, retention_ms: int = 10**9) -> None:
        scripts = {talk.id: Script.from_words(talk.words) for talk in talks}
        streams = {
            name: MemoryStream(name, clock=VirtualClock(), retention_ms=retention_ms, capacity=1 << 40)
            for name in StreamName
        }
        self.cluster = SimulatedCluster(
            FACTORIES["local"],
            Engines(lambda: ScriptedEngine(scripts), ScriptedTranslator, ScriptedSynthesizer),
            streams=streams,
        )

    def up(self) -> LocalHost:
        cluster = self.cluster
        host = LocalHost(
            [[cluster.stage(name)] for name in STAGES],
            cluster.streams,
            cluster.store,
            checkpoints=cluster.checkpoints,
            metrics=cluster.metrics,
            clock=VirtualClock(),
        )
        host.start()
        return host


@pytest.mark.slow
@pytest.mark.parametrize("first_stops", [False, True], ids=["the second stops", "the first stops"])
@pytest.mark.parametrize("gracefully", [True, False], ids=["gracefully", "killed"])
def test_a_second_up_comes_and_one_of_both_goes_and_every_session_is_whole(
    *, first_stops: bool, gracefully: bool
) -> None:
    async def main() -> None:
        talk, neighbour, late = sentences("talk", 60), sentences("neighbour", 60), sentences("late", 12)
        ups = Ups(talk, neighbour, late)
        hosts = [ups.up()]
        speaking = [asyncio.create_task(ups.cluster.speak(each)) for each in (talk, neighbour)]
        await asyncio.sleep(12)
        hosts.append(ups.up())
        await asyncio.sleep(20)
        leaving, staying = hosts if first_stops else hosts[::-1]
        await (leaving.stop() if gracefully else leaving.kill())
        speaking.append(asyncio.create_task(ups.cluster.speak(late)))
        await asyncio.gather(*speaking)
        await asyncio.sleep(SETTLED)
        for each in (talk, neighbour, late):
            (await session_output(ups.cluster, each)).assert_whole(said(each))
        assert not await ups.cluster.read(StreamName.DEAD_LETTERS)
        await staying.stop()

    run(main())


@pytest.mark.slow
def test_a_host_that_stops_gracefully_gives_its_sessions_back_within_5_s() -> None:
    async def main() -> float:
        talk = sentences("talk", 60)
        ups = Ups(talk)
        one = ups.up()
        speaking = asyncio.create_task(ups.cluster.speak(talk))
        await asyncio.sleep(12)
        two = ups.up()
        await asyncio.sleep(10)
        take = (await ups.cluster.store.load("talk")).take
        await two.stop()
        stopped = asyncio.get_running_loop().time()
        while (await ups.cluster.store.load("talk")).take == take:  # noqa: ASYNC110 (the item tells nobody)
            await asyncio.sleep(0.1)
        taken = asyncio.get_running_loop().time()
        await speaking
        await asyncio.sleep(SETTLED)
        (await session_output(ups.cluster, talk)).assert_whole(said(talk))
        await one.stop()
        return taken - stopped

    assert run(main()) <= 5


@pytest.mark.long
def test_who_stands_by_holds_little_and_its_neighbours_go_on() -> None:
    async def main() -> tuple[int, int]:
        talk, neighbour = sentences("talk", 220), sentences("neighbour", 220)
        ups = Ups(talk, neighbour, retention_ms=20_000)
        audiences = [(each, Subscribers(ups.cluster.streams, each)) for each in (talk, neighbour)]
        hosts = [ups.up()]
        speaking = [asyncio.create_task(ups.cluster.speak(each)) for each, _ in audiences]
        await asyncio.sleep(12)
        hosts.append(ups.up())
        audio = ups.cluster.streams[StreamName.AUDIO]
        await asyncio.sleep(100)
        early = audio.retained()
        await asyncio.sleep(300)
        late = audio.retained()
        await asyncio.gather(*speaking)
        await asyncio.sleep(SETTLED)
        for host in hosts:
            await host.stop()
        for each, subscribers in audiences:
            await subscribers.assert_delivered_once((await ups.cluster.store.load(each.id)).number)
            assert normalise(subscribers.captions).split() == said(each)
        return early, late

    early, late = run(main())
    assert late < 1.5 * early


@pytest.mark.parametrize("host", HOSTS)
def test_a_second_worker_that_starts_and_stops_leaves_the_session_whole_and_soon_to_the_first(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=30)
        cluster = cluster_of(host, talk)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(6)
        cluster.start(["transcribe"])
        await asyncio.sleep(7)
        assert (await cluster.store.load("talk")).take == 2
        await cluster.processes.pop().stop()
        await asyncio.sleep(5)
        assert (await cluster.store.load("talk")).take == 3
        await speaking
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        assert cluster.metrics.total(Metric.FENCED, stage="transcribe") == 1
        (await session_output(cluster, talk)).assert_whole(said(talk))
        ends = [record for record in await cluster.read(StreamName.TRANSCRIPTS) if isinstance(record, SessionEnded)]
        assert [end.take for end in ends] == [3]

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_two_workers_do_not_take_a_session_from_each_other_again_and_again(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=100)
        cluster = cluster_of(host, talk)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(6)
        cluster.start(["transcribe"])
        await speaking
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        assert (await cluster.store.load("talk")).take == 2
        (await session_output(cluster, talk)).assert_whole(said(talk))

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("seed", range(tries(4)))
def test_transcribers_that_come_and_go_at_random_lose_and_double_nothing(host: str, seed: int) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        talk = sentences("talk", 60)
        script = Script.from_words(talk.words)
        cluster = SimulatedCluster(
            FACTORIES[host], Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        )
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        for _ in range(4):
            await asyncio.sleep(rng.uniform(2, 15))
            cluster.start(["transcribe"])
            if rng.random() < 0.7:
                await asyncio.sleep(rng.uniform(0, 8))
                leaving = rng.choice([p for p in cluster.processes if p.application == "transcribe"][:-1])
                cluster.processes.remove(leaving)
                await leaving.stop()
        await speaking
        await asyncio.sleep(SETTLED + 60)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        await cluster.stop()

    run(main())
