"""Clocks that step by hours, on a speaker's side, and frames that lie where no clock has been: nobody goes silent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from producers import AudioProducer
from shared.models import SessionEnded
from shared.sessions import Session
from shared.streams import StreamName
from tests.conformance.host_under_test import HOSTS
from tests.conformance.scripted_cluster import cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, RATE, SimulatedCluster, Talk, frame
from tests.support.virtual_time import VirtualClock, run

pytestmark = [pytest.mark.hermetic, pytest.mark.no_cover]

SETTLED = 90
HOUR = 3_600_000


class Stepping:
    """A wall clock that is put forward by `step` ms from loop time `begins` (s) until `ends`."""

    def __init__(self, step: int, begins: float, ends: float = 1e9) -> None:
        self._step, self._begins, self._ends = step, begins, ends

    def now(self) -> int:
        stepped = self._begins <= asyncio.get_running_loop().time() < self._ends
        return VirtualClock().now() + (self._step if stepped else 0)


async def speak(cluster: SimulatedCluster, talk: Talk, clock: Stepping) -> None:
    """As a client does that embeds the SDK."""
    session = Session(id=talk.id, source_language="en", target_languages=talk.languages, rate=RATE)
    async with AudioProducer(cluster.streams[StreamName.AUDIO], cluster.store, session, clock=clock) as producer:
        for _ in range(0, talk.length, FRAME_MS):
            await asyncio.sleep(FRAME_MS / 1000)
            await producer.write(bytes(FRAME_MS * RATE // 1000 * 2))


@pytest.mark.long
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("step", [20_000, 400_000, 2 * HOUR + 100_000, -20_000, -3 * HOUR])
@pytest.mark.parametrize("lasts", [0.2, 5.0, 1e9], ids=["one write", "5 s", "for good"])
def test_a_speakers_clock_that_steps_costs_no_word(host: str, step: int, lasts: float) -> None:
    async def main() -> None:
        talk = sentences(count=20)
        cluster = cluster_of(host, talk)
        cluster.start()
        await speak(cluster, talk, Stepping(step, 10.1, 10.1 + lasts))
        await asyncio.sleep(SETTLED)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("wrong", [2 * HOUR, -2 * HOUR])
def test_a_client_whose_clock_is_two_hours_wrong_is_heard_to_its_end(host: str, wrong: int) -> None:
    async def main() -> None:
        talk = sentences(count=20)
        cluster = cluster_of(host, talk)
        cluster.start()
        await speak(cluster, talk, Stepping(wrong, 0))
        await asyncio.sleep(SETTLED)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        await cluster.stop()

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("ahead", [40_000, 600_000, HOUR, 100 * HOUR])
def test_a_frame_that_lies_far_ahead_is_a_dead_letter_and_silences_nobody(host: str, ahead: int) -> None:
    async def main() -> None:
        talk = sentences(count=20)
        cluster = cluster_of(host, talk)
        cluster.start()

        async def stray() -> None:
            await asyncio.sleep(10.05)
            await cluster.send(replace(frame("talk", 0), offset=ahead * RATE // 1000))

        await asyncio.gather(cluster.speak(talk), stray())
        await asyncio.sleep(SETTLED)
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert len(await cluster.read(StreamName.DEAD_LETTERS)) == 1
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("ahead", [200_000, 2 * HOUR])
def test_a_client_that_goes_on_far_ahead_in_no_time_is_heard_where_it_left_off(host: str, ahead: int) -> None:
    """As one that comes back with a clock that is hours wrong: what it says from then on is heard, in true audio time."""

    async def main() -> None:
        talk = sentences(count=20)
        cluster = cluster_of(host, talk)
        cluster.start()
        await cluster.open(talk)
        for start in range(0, talk.length, FRAME_MS):
            shift = ahead if start >= 10_000 else 0
            await cluster.send(replace(frame("talk", 0), offset=(start + shift) * RATE // 1000))
            await asyncio.sleep(FRAME_MS / 1000)
        await cluster.send(SessionEnded(session="talk", captured_at=VirtualClock().now()))
        await asyncio.sleep(SETTLED)
        got = await session_output(cluster, talk)
        got.assert_whole(said(talk))
        assert len(await cluster.read(StreamName.DEAD_LETTERS)) == 1
        await cluster.stop()

    run(main())
