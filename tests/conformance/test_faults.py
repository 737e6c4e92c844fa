"""What production does to a pipeline: poison, refusals, failures without end, silence. Neighbours go on unharmed."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
from dataclasses import replace

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.codec import encode
from shared.errors import StreamUnavailable
from shared.metrics import Metric
from shared.models import DeadLetter, Record, SessionEnded, Status
from shared.sessions import MemorySessionStore, SessionState
from shared.streams import MemoryStream, StreamName
from tests.conformance.fault_injection import RefusingStore
from tests.conformance.host_under_test import FACTORIES, HOSTS
from tests.conformance.scripted_cluster import SETTLED, cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, STAGES, Engines, SimulatedCluster, Talk, frame, memory_stream
from tests.support.refusing_stream import RefusingStream
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

READ = [name for name in StreamName if name is not StreamName.DEAD_LETTERS and name is not StreamName.SPEECH]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", READ)
def test_poison_on_any_stream_harms_nobody(host: str, stream: StreamName) -> None:
    """Random and truncated bytes, unknown kinds and versions, records that belong elsewhere or to nobody."""

    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk)
        cluster.start()
        rng = random.Random(stream)
        valid = encode(frame("talk", 0))
        poison = [rng.randbytes(size) for size in (0, 1, 5, 40, 3000)]
        poison += [valid[:cut] for cut in (1, 4, 30, 60)]
        poison += [b"\x02" + valid[1:], valid[:-1]]
        strange = [valid.replace(b'"AudioFrame"', b'"VideoFrame"')]
        misplaced = DeadLetter(session="talk", captured_at=0, stage="none", error="misplaced")
        nobody = [replace(frame("nobody", start), captured_at=1) for start in range(0, 2000, 200)]

        async def disturb() -> None:
            await asyncio.sleep(3)
            for data in [*poison, *strange]:
                await cluster.send(data, stream, key="talk")
            await cluster.send(misplaced, stream)
            for unwanted in nobody:
                await cluster.send(unwanted, stream, key="talk")
                await asyncio.sleep(0.05)

        await asyncio.gather(cluster.speak(talk), disturb())
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        dead_letters = [
            letter for letter in await cluster.read(StreamName.DEAD_LETTERS) if isinstance(letter, DeadLetter)
        ]
        assert sum(letter.session == "" for letter in dead_letters) == len(poison)
        assert sum(letter.session == "talk" for letter in dead_letters) == 1
        assert sum(letter.session == "nobody" for letter in dead_letters) == 1
        assert cluster.metrics.total(Metric.UNKNOWN_RECORDS) == 1

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", [*READ[1:], StreamName.SPEECH, None])
def test_an_output_or_the_store_that_refuses_for_20_s_is_waited_out(host: str, stream: StreamName | None) -> None:
    async def main() -> None:
        talk = sentences()
        script = Script.from_words(talk.words)
        streams = {name: memory_stream(name, RefusingStream) for name in StreamName}
        engines = Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        cluster = SimulatedCluster(FACTORIES[host], engines, streams=streams)
        if stream is None:
            cluster.worker_store = RefusingStore(cluster.store, lambda at: 5 <= at < 25)
        else:
            refusing = streams[stream]
            assert isinstance(refusing, RefusingStream)
            refusing.refuses = (5.0, 25.0)
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED + 20)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


class SlowToHear:
    """A session store that takes a while to note what was heard."""

    def __init__(self, store: MemorySessionStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def advance_heard(self, session: str, take: int, heard: int) -> None:
        await asyncio.sleep(0.2)
        await self._store.advance_heard(session, take, heard)


@pytest.mark.parametrize("host", HOSTS)
def test_an_outage_of_every_stream_makes_no_stranger_of_a_workers_own_earlier_take(host: str) -> None:
    """No audio comes for long enough that a new take begins, while the final of the old one waits to be written."""

    async def main() -> None:
        talk = sentences()
        script = Script.from_words(talk.words)
        streams = {name: memory_stream(name, RefusingStream) for name in StreamName}
        for stream in streams.values():
            assert isinstance(stream, RefusingStream)
            # Audio comes again a little before results are taken again.
            stream.refuses = (5.0, 24.0 if stream.name == StreamName.AUDIO else 25.0)
        cluster = SimulatedCluster(
            FACTORIES[host],
            Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer),
            streams=streams,
        )
        cluster.worker_store = SlowToHear(cluster.store)
        cluster.start()
        await cluster.open(talk)
        for start in range(0, talk.length, FRAME_MS):
            await asyncio.sleep(start / 1000 - asyncio.get_running_loop().time())
            await send_with_retries(cluster, frame(talk.id, start))
        await send_with_retries(cluster, SessionEnded(session=talk.id, captured_at=VirtualClock().now()))
        await asyncio.sleep(SETTLED + 20)
        assert cluster.metrics.total(Metric.TAKES_OPENED) > 1
        assert cluster.metrics.total(Metric.FENCED) == 0
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))

    run(main())


async def send_with_retries(cluster: SimulatedCluster, record: Record) -> None:
    """Sends the record as a producer does: again and again until it is taken."""
    while True:
        try:
            return await cluster.send(record)
        except StreamUnavailable:
            await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stage", ["translate", "synthesize"])
@pytest.mark.parametrize("how", ["broken", "hanging"])
def test_a_language_that_fails_for_ever_delays_no_other_and_holds_nothing_for_long(
    host: str, stage: str, how: str
) -> None:
    async def main() -> None:
        talk, neighbour = sentences("talk", 60), sentences("neighbour", 60)
        scripts = {t.id: Script.from_words(t.words) for t in (talk, neighbour)}
        translator, synthesizer = ScriptedTranslator(), ScriptedSynthesizer(pace=10)
        getattr(translator if stage == "translate" else synthesizer, how).add("es")
        engines = Engines(lambda: ScriptedEngine(scripts), lambda: translator, lambda: synthesizer)
        cluster = SimulatedCluster(FACTORIES[host], engines)
        cluster.start()
        await asyncio.gather(cluster.speak(talk), cluster.speak(replace(neighbour, languages=("ca",))))
        await asyncio.sleep(90)
        await cluster.stop()
        for each in (talk, replace(neighbour, languages=("ca",))):
            got = await session_output(cluster, each)
            got.assert_whole(said(each))
            assert all(clip.status is Status.OK for clip in got.clips["ca"])
            delays = [clip.hops["synthesize"] - clip.hops["dedup"] for clip in got.clips["ca"]]
            assert max(delays) < 1000
        failed = (await session_output(cluster, talk)).clips["es"]
        assert all(clip.status is Status.FAILED for clip in failed)
        before = "dedup" if stage == "translate" else "translate"
        assert max(clip.hops[stage] - clip.hops[before] for clip in failed) <= 62_500
        dead_letters = await cluster.read(StreamName.DEAD_LETTERS)
        assert len(dead_letters) == len(failed)

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_a_silent_session_is_ended_when_it_is_told_to_and_says_nothing(host: str) -> None:
    async def main() -> None:
        silent, talk = Talk("silent", (), tail=400.0), sentences()
        cluster = cluster_of(host, silent, talk)
        cluster.start()
        await asyncio.gather(cluster.speak(silent), cluster.speak(talk))
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        got = await session_output(cluster, silent)
        assert not got.segments
        got.assert_ended()
        assert (await cluster.store.load("silent")).state is SessionState.ENDED
        assert (await session_output(cluster, talk)).words == said(talk)
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


@pytest.mark.long
@pytest.mark.parametrize("host", HOSTS)
def test_sessions_that_never_end_leave_nothing_behind_in_memory(host: str) -> None:
    """Clients that vanish: their sessions are ended, their operators go, and so does what they held."""

    async def main() -> None:
        talks = [replace(sentences(f"talk-{n}", 2), tail=None, begins=n * 20.0) for n in range(40)]
        scripts = {talk.id: Script.from_words(talk.words) for talk in talks}
        engines = Engines(lambda: ScriptedEngine(scripts), ScriptedTranslator, ScriptedSynthesizer)
        streams = {name: MemoryStream(name, clock=VirtualClock(), retention_ms=30_000) for name in StreamName}
        cluster = SimulatedCluster(FACTORIES[host], engines, streams=streams)
        cluster.start()
        speaking = [asyncio.create_task(cluster.speak(talk)) for talk in talks]
        await asyncio.sleep(400)
        early = cluster.metrics.level(Metric.OPEN_OPERATORS, stage="transcribe")
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        await asyncio.gather(*speaking)
        await asyncio.sleep(900)
        late = {stage: cluster.metrics.level(Metric.OPEN_OPERATORS, stage=stage) for stage in STAGES}
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert early is not None
        assert early > 5
        assert late == dict.fromkeys(STAGES, 0)
        assert not await cluster.store.open_sessions()
        # What the streams retain and the metrics keep; the audio of 20 sessions alone would be more.
        assert grown < 1 << 20
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_an_end_that_comes_twice_is_passed_on_and_no_harm(host: str) -> None:
    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk)
        cluster.start()
        await cluster.speak(talk)
        await cluster.send(SessionEnded(session="talk", captured_at=VirtualClock().now()))
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        got = await session_output(cluster, talk)
        assert got.words == said(talk)
        got.assert_ended()
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())
