"""What stability concludes from absence, on every host: nothing, but what the audio says itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.metrics import Metric
from shared.models import FinalResult, PartialResult, Record, Segment, SessionEnded, Silence, Word
from shared.streams import StreamName
from tests.conformance.host_under_test import HOSTS
from tests.conformance.scripted_cluster import cluster_of
from tests.conformance.simulated_cluster import SimulatedCluster, Talk
from tests.support.virtual_time import EPOCH, VirtualLoop, run

pytestmark = pytest.mark.hermetic

BEHIND = ("stability", "dedup", "translate", "synthesize")
PRICE = ["it", "costs", "twenty", "thousand", "pounds"]


def result(kind: type[PartialResult] | type[FinalResult], texts: list[str], take: int = 1, **fields: Any) -> Record:
    """Words of 300 ms, the last of a partial result not stable."""
    words = [Word(text, n * 300, n * 300 + 300, True) for n, text in enumerate(texts)]
    if kind is PartialResult:
        words[-1] = Word(words[-1].text, words[-1].start, words[-1].end, False)
    end = words[-1].end
    place = {"start": 0, "end": end, "position": end} | fields
    return kind(session="talk", captured_at=EPOCH, take=take, utterance=1, items=tuple(words), **place)


def ended(take: int) -> SessionEnded:
    return SessionEnded(session="talk", captured_at=EPOCH, take=take)


async def opened(host: str, takes: int = 1) -> SimulatedCluster:
    """A cluster in which a transcriber has opened so many takes of the talk; what it says is up to the test."""
    talk = Talk("talk", ())
    cluster = cluster_of(host, talk)
    cluster.start(BEHIND)
    await cluster.open(talk)
    for held in (None, *range(1, takes)):
        await cluster.store.open_take("talk", held)
    return cluster


async def say(cluster: SimulatedCluster, *records: Record) -> None:
    for record in records:
        await cluster.send(record, StreamName.TRANSCRIPTS)


async def committed(cluster: SimulatedCluster) -> list[str]:
    segments = [record for record in await cluster.read(StreamName.UNIQUE_SEGMENTS) if isinstance(record, Segment)]
    return " ".join(segment.text for segment in segments).split()


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("outage", [2.5, 5.0, 16.0, 55.0])
def test_an_outage_in_the_middle_of_a_number_commits_no_guess(host: str, outage: float) -> None:
    async def main() -> None:
        cluster = await opened(host)
        await say(cluster, result(PartialResult, ["it", "costs", "twenty", "thou"]))
        await asyncio.sleep(outage)
        assert await committed(cluster) == []
        await say(cluster, result(FinalResult, PRICE))
        await asyncio.sleep(3)
        assert await committed(cluster) == PRICE
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stop", [10.0, 70.0])
def test_a_process_that_was_stopped_commits_no_guess_when_it_goes_on(host: str, stop: float) -> None:
    async def main() -> None:
        cluster = await opened(host)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await say(cluster, result(PartialResult, ["it", "costs", "twenty", "thou"]))
        await asyncio.sleep(1)
        # What others write while it stands still is there when it goes on.
        await say(cluster, result(PartialResult, PRICE[:4]), result(FinalResult, PRICE))
        loop.leap(stop)
        await asyncio.sleep(3)
        assert await committed(cluster) == PRICE
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_take_that_is_reopened_in_the_middle_of_an_utterance_commits_no_guess(host: str) -> None:
    async def main() -> None:
        cluster = await opened(host, takes=2)
        await say(cluster, result(PartialResult, ["it", "costs", "twenty", "thou"]))
        await asyncio.sleep(20)
        stale = Silence(session="talk", captured_at=EPOCH, take=1, utterance=1, position=30_000)
        await say(cluster, result(PartialResult, PRICE[:4], take=2), stale)
        await asyncio.sleep(20)
        assert await committed(cluster) == []
        await say(cluster, result(FinalResult, PRICE, take=2))
        await asyncio.sleep(3)
        assert await committed(cluster) == PRICE
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_an_utterance_of_which_nothing_more_comes_is_given_up_after_a_minute_and_nothing_is_said_twice(
    host: str,
) -> None:
    async def main() -> None:
        cluster = await opened(host)
        await say(cluster, result(PartialResult, ["it", "costs", "twenty", "thou"]))
        await asyncio.sleep(58)
        assert await committed(cluster) == []
        await asyncio.sleep(7)
        assert await committed(cluster) == PRICE[:3]
        await say(cluster, result(FinalResult, PRICE))
        await asyncio.sleep(3)
        assert await committed(cluster) == PRICE
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_the_end_of_a_worker_that_lost_the_session_cuts_nobody_off(host: str) -> None:
    async def main() -> None:
        cluster = await opened(host, takes=2)
        await say(cluster, result(PartialResult, ["it", "costs", "twenty", "thou"], take=2), ended(1))
        await asyncio.sleep(3)
        assert not any(isinstance(record, SessionEnded) for record in await cluster.read(StreamName.UNIQUE_SEGMENTS))
        assert cluster.metrics.total(Metric.STALE_ENDS) == 1
        await say(cluster, result(FinalResult, PRICE, take=2), ended(2))
        await asyncio.sleep(3)
        assert await committed(cluster) == PRICE
        assert isinstance((await cluster.read(StreamName.UNIQUE_SEGMENTS))[-1], SessionEnded)
        await cluster.stop()

    run(main())
