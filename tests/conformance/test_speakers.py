"""Speakers who use the SDK: clocks that are set under them, and sessions that end under them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from producers import AudioProducer
from shared.errors import SessionOver
from shared.models import SessionEnded
from shared.sessions import Session, SessionState
from shared.streams import StreamName
from tests.conformance.host_under_test import HOSTS
from tests.conformance.scripted_cluster import SETTLED, cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, RATE, SimulatedCluster, Talk
from tests.support.clocks import SkewedClock
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

#: One write of the speakers here.
PCM = bytes(FRAME_MS * RATE // 1000 * 2)


def speaker(
    cluster: SimulatedCluster, talk: Talk, clock: VirtualClock, settings: Mapping[str, str] | None = None
) -> AudioProducer:
    session = Session(
        id=talk.id,
        source_language="en",
        target_languages=talk.languages,
        started_at=VirtualClock().now(),
        rate=RATE,
        settings=settings or {},
    )
    return AudioProducer(cluster.streams[StreamName.AUDIO], cluster.store, session, clock=clock)


async def speak(to: AudioProducer, milliseconds: int, before: Callable[[int], None] = lambda _: None) -> None:
    """Writes at real-time pace; `before` is told the audio time (ms) of each write."""
    for start in range(0, milliseconds, FRAME_MS):
        before(start)
        await to.write(PCM)
        await asyncio.sleep(FRAME_MS / 1000)


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("step", [20, 3600, 7300, -7300])
@pytest.mark.parametrize("lasts", [FRAME_MS, 10**9])
def test_a_speaker_whose_clock_is_set_in_mid_talk_is_heard_whole(host: str, step: float, lasts: int) -> None:
    async def main() -> None:
        talk, clock = sentences(), SkewedClock()
        cluster = cluster_of(host, talk)
        cluster.start()

        def set_clock(start: int) -> None:
            clock.ahead = step if 5000 <= start < 5000 + lasts else 0

        async with speaker(cluster, talk, clock) as to:
            await speak(to, talk.length, set_clock)
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


async def ended(cluster: SimulatedCluster) -> float:
    """When (s) the talk's session had ended."""
    while (await cluster.store.load("talk")).state is SessionState.OPEN:  # noqa: ASYNC110 (a store tells nobody)
        await asyncio.sleep(0.1)
    return asyncio.get_running_loop().time()


async def by_hand(cluster: SimulatedCluster, to: AudioProducer) -> None:
    """Somebody ends it, as `llt sessions end` does, after 20 s of 90."""

    async def end() -> None:
        await asyncio.sleep(20)
        await cluster.send(SessionEnded(session=to.session.id, captured_at=VirtualClock().now()))

    async with asyncio.TaskGroup() as group:
        group.create_task(end())
        with pytest.raises(SessionOver):
            await speak(to, 90_000)


async def by_length(cluster: SimulatedCluster, to: AudioProducer) -> None:
    """It is at its longest after a minute."""
    with pytest.raises(SessionOver):
        await speak(to, 300_000)


async def by_a_mute(cluster: SimulatedCluster, to: AudioProducer) -> None:
    """Nothing is said for longer than IDLE_TIMEOUT."""
    await speak(to, 10_000)
    async with asyncio.timeout(300):
        await ended(cluster)
    await asyncio.sleep(9.8)
    with pytest.raises(SessionOver):
        await to.write(PCM)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("way", [by_hand, by_length, by_a_mute])
def test_a_speaker_is_told_within_10_s_that_the_session_has_ended(
    host: str, way: Callable[[SimulatedCluster, AudioProducer], Awaitable[None]]
) -> None:
    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk)
        cluster.start()
        settings = {"MAX_SESSION_LENGTH": "60", "IDLE_TIMEOUT": "60"}
        to = await speaker(cluster, talk, VirtualClock(), settings).open()
        ending = asyncio.create_task(ended(cluster))
        await way(cluster, to)
        assert asyncio.get_running_loop().time() - await ending <= 10
        sent = await cluster.read(StreamName.AUDIO)
        await to.close()
        await asyncio.sleep(SETTLED)
        assert await cluster.read(StreamName.AUDIO) == sent
        await cluster.stop()

    run(main())
