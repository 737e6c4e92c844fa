"""Nothing is concluded from absence while the concluder itself is behind: outages and sweeps end no session."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from processors.hosts.local import LocalHost
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.idle_sessions import IdleSessions
from processors.transcribe.stage import TranscribeStage
from shared.metrics import Metric
from shared.models import SessionEnded
from shared.sessions import Session, SessionState
from shared.settings import Settings
from shared.streams import Stream, StreamName
from tests.conformance.fault_injection import LosingStore, RefusingStore, RefusingView, WriteOnlyStream
from tests.conformance.host_under_test import HOSTS, HostEnvironment
from tests.conformance.scripted_cluster import cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import SimulatedCluster, Talk, frame
from tests.support.clocks import SkewedClock
from tests.support.virtual_time import VirtualClock, run

pytestmark = [pytest.mark.hermetic, pytest.mark.no_cover]

#: Seconds for everything to be over behind an outage.
SETTLED = 120


async def sweeping(cluster: SimulatedCluster, *, clock: VirtualClock | None = None) -> LocalHost:
    """A worker of other shards: it looks for idle sessions, and reads none of ours."""
    streams: dict[StreamName, Stream] = {
        **cluster.streams,
        StreamName.AUDIO: WriteOnlyStream(cluster.streams[StreamName.AUDIO]),
    }
    sweep = IdleSessions(cluster.store, Settings(), clock or VirtualClock())
    host = LocalHost(
        [[TranscribeStage(ScriptedEngine(Script()), sweep)]],
        streams,
        cluster.store,
        clock=clock or VirtualClock(),
        metrics=cluster.metrics,
    )
    host.start()
    return host


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", [StreamName.TRANSCRIPTS, None])
def test_an_outage_of_400_s_while_the_speaker_goes_on_ends_nobody(host: str, stream: StreamName | None) -> None:
    async def main() -> None:
        talk = sentences(count=180)
        cluster = cluster_of(host, talk)

        def out(at: float) -> bool:
            return 20 <= at < 420

        if stream is None:
            cluster.worker_store = RefusingStore(cluster.store, out)
        else:
            cluster.view = lambda application, environment: replace(
                environment, streams={**environment.streams, stream: RefusingView(environment.streams[stream], out)}
            )
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)
        await cluster.stop()

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_a_sweep_by_others_while_the_owner_is_down_for_long_ends_nobody(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=180)
        cluster = cluster_of(host, talk)
        other = await sweeping(cluster)
        cluster.start(restart=380)
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(20)
        next(process for process in cluster.processes if process.application == "transcribe").kill()
        await speaking
        await asyncio.sleep(SETTLED)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        await other.stop()
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_workers_whose_clocks_are_hours_wrong_end_nobody(host: str) -> None:
    async def main() -> None:
        talk, early = sentences(count=40), Talk("early", (), tail=None)
        cluster = cluster_of(host, talk)
        await cluster.store.create(Session(id="early", source_language="en", target_languages=("es",), rate=8000))
        others = [await sweeping(cluster, clock=SkewedClock(ahead)) for ahead in (7200, -7200)]

        def skewed(application: str, environment: HostEnvironment) -> HostEnvironment:
            return replace(
                environment, clock=SkewedClock(10_800 if application in ("transcribe", "stability") else -10_800)
            )

        cluster.view = skewed
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert (await cluster.store.load(early.id)).state is SessionState.OPEN
        for other in others:
            await other.stop()
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_session_whose_speaker_is_gone_ends_and_one_whose_buffered_frames_come_behind_the_proposal_does_not(
    host: str,
) -> None:
    async def main() -> None:
        gone, back = replace(sentences("gone", 4), tail=None), replace(sentences("back", 4), tail=None)
        cluster = cluster_of(host, gone, back)
        cluster.start()
        await asyncio.gather(cluster.speak(gone), cluster.speak(back))
        # Whoever sweeps proposes an end; a frame that comes some seconds behind the proposal shows that it is wrong.
        await asyncio.sleep(302)
        now = VirtualClock().now()
        await cluster.send(SessionEnded(session="back", captured_at=now, reason="idle", proposal=True))
        await asyncio.sleep(8)
        await cluster.send(frame("back", 200_000))
        await asyncio.sleep(100)
        assert (await cluster.store.load("gone")).state is SessionState.ENDED
        assert (await cluster.store.load("back")).state is SessionState.OPEN
        await asyncio.sleep(400)
        assert (await cluster.store.load("back")).state is SessionState.ENDED
        (await session_output(cluster, gone)).assert_ended()
        assert not await cluster.read(StreamName.DEAD_LETTERS)
        await cluster.stop()

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_a_session_waits_an_hour_for_its_speaker_and_no_longer(host: str) -> None:
    async def main() -> None:
        cluster = cluster_of(host)
        for session, settings in (("lasting", {}), ("hasty", {"START_TIMEOUT": "600"})):
            await cluster.store.create(
                Session(id=session, source_language="en", target_languages=("es",), rate=8000, settings=settings)
            )
        cluster.start()
        await asyncio.sleep(3300)
        assert (await cluster.store.load("lasting")).state is SessionState.OPEN
        assert (await cluster.store.load("hasty")).state is SessionState.ENDED
        await asyncio.sleep(600)
        assert (await cluster.store.load("lasting")).state is SessionState.ENDED
        assert not await cluster.read(StreamName.DEAD_LETTERS)
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_of_many_workers_that_sweep_one_proposes_a_minute(host: str) -> None:
    async def main() -> None:
        talk = replace(sentences(count=2), tail=None)
        cluster = cluster_of(host, talk)
        cluster.start()
        await cluster.speak(talk)
        for process in cluster.processes:
            await process.stop()
        cluster.processes.clear()
        others = [await sweeping(cluster) for _ in range(5)]
        await asyncio.sleep(300 + 240)
        proposals = [r for r in await cluster.read(StreamName.AUDIO) if isinstance(r, SessionEnded)]
        assert 2 <= len(proposals) <= 5
        assert all(proposal.proposal for proposal in proposals)
        for other in others:
            await other.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_lost_answers_of_every_conditional_write_lose_and_double_nothing(host: str) -> None:
    async def main() -> None:
        talk, idle = sentences(count=20), replace(sentences("idle", 2), tail=None)
        cluster = cluster_of(host, talk, idle)
        cluster.worker_store = LosingStore(cluster.store)
        cluster.start()
        await asyncio.gather(cluster.speak(talk), cluster.speak(idle))
        await asyncio.sleep(300 + SETTLED)
        for each in (talk, idle):
            (await session_output(cluster, each)).assert_whole(said(each))
        assert (await cluster.store.load("idle")).state is SessionState.ENDED
        assert cluster.metrics.total(Metric.FENCED) == 0
        assert not await cluster.read(StreamName.DEAD_LETTERS)
        await cluster.stop()

    run(main())
