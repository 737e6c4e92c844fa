"""A fused worker has much to catch up with, and an output refuses for a moment: that is no reason to give words up."""

from __future__ import annotations

import asyncio

import pytest

from shared.models import SessionEnded
from shared.streams import StreamName
from tests.conformance.host_under_test import HOSTS
from tests.conformance.scripted_cluster import cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, frame
from tests.conformance.test_outages import now
from tests.support.refusing_stream import RefusingStream
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic

FUSED = "transcribe+stability+dedup+translate+synthesize"


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", [StreamName.TRANSLATIONS, StreamName.SPEECH])
def test_a_moment_of_throttling_in_a_backlog_costs_no_words(host: str, stream: StreamName) -> None:
    async def main() -> None:
        talk = sentences("talk", 130)
        cluster = cluster_of(host, talk, kind=RefusingStream)
        await cluster.open(talk)
        for start in range(0, talk.length, FRAME_MS):
            await cluster.send(frame(talk.id, start))
        await cluster.send(SessionEnded(session=talk.id, captured_at=VirtualClock().now()))
        throttled = cluster.streams[stream]
        assert isinstance(throttled, RefusingStream)
        throttled.keys, throttled.refuses = frozenset({"talk/es"}), (now(), now() + 5)
        cluster.start([FUSED])
        await asyncio.sleep(200)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
def test_a_language_refused_for_a_moment_beside_one_that_is_parked_for_long_is_whole(host: str) -> None:
    async def main() -> None:
        talk = sentences("talk", 130)
        cluster = cluster_of(host, talk, kind=RefusingStream)
        throttled = cluster.streams[StreamName.TRANSLATIONS]
        assert isinstance(throttled, RefusingStream)
        throttled.keys, throttled.refuses = frozenset({"talk/es"}), (8.0, 400.0)
        cluster.start(["transcribe", "stability+dedup+translate", "synthesize"])
        speaking = asyncio.create_task(cluster.speak(talk))
        # By now so many segments wait for the one that it is decided on as it comes.
        await asyncio.sleep(270)
        throttled.keys = frozenset({"talk/es", "talk/ca"})
        await asyncio.sleep(5)
        throttled.keys = frozenset({"talk/es"})
        await speaking
        await asyncio.sleep(100)
        await cluster.stop()
        got = await session_output(cluster, talk)
        assert await cluster.read(StreamName.DEAD_LETTERS)
        assert [translation.number for translation in got.translations["ca"]] == [
            segment.number for segment in got.segments
        ]

    run(main())
