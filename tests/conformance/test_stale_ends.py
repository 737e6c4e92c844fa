"""A worker that has lost a session, and does not know it yet, ends it for nobody."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import Metric
from shared.models import SessionEnded, Word
from shared.streams import StreamName
from tests.conformance.fault_injection import Link, LinkedStream
from tests.conformance.host_under_test import FACTORIES, HOSTS, HostEnvironment
from tests.conformance.scripted_cluster import said
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import Engines, SimulatedCluster, Talk
from tests.conformance.subscribers import Subscribers
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


class AtFeedRate(ScriptedEngine):
    """Fed at one and a half times real time at most, as a service is: a successor is behind for a while."""

    feed_rate: float | None = 1.5


def one_breath() -> Talk:
    """Sixty words without a pause, in five sentences."""
    words: list[Word] = []
    at = 300
    for number in range(60):
        words.append(Word(f"w{number}", at, at + 240))
        at += 300
        if number % 12 == 11:
            words.append(Word(".", at - 50, at - 50))
    return Talk("talk", tuple(words), tail=0.4)


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("resumes_after", [1.0, 4.0, 10.0, 60.0])
def test_the_end_of_a_worker_that_was_cut_off_reaches_no_listener(host: str, resumes_after: float) -> None:
    async def main() -> None:
        talk = one_breath()
        script = Script.from_words(talk.words)
        cluster = SimulatedCluster(
            FACTORIES[host], Engines(lambda: AtFeedRate(script), ScriptedTranslator, ScriptedSynthesizer)
        )
        link = Link()
        transcribers = 0

        def view(application: str, environment: HostEnvironment) -> HostEnvironment:
            nonlocal transcribers
            if application != "transcribe":
                return environment
            transcribers += 1
            if transcribers > 1:
                return environment
            # Results wait on the way; it still hears the speaker and reaches the store.
            cut = LinkedStream(environment.streams[StreamName.TRANSCRIPTS], link)
            return replace(environment, streams={**environment.streams, StreamName.TRANSCRIPTS: cut})

        cluster.view = view
        subscribers = Subscribers(cluster.streams, talk)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(4)
        link.down = True
        await speaking
        # By now it has heard everything; its last final and the session's end are on their way.
        await asyncio.sleep(4)
        cluster.start(["transcribe"])
        await asyncio.sleep(resumes_after)
        link.down = False
        await asyncio.sleep(120)
        got = await session_output(cluster, talk)
        got.assert_whole(said(talk))
        await subscribers.assert_delivered_once(len(got.segments))
        ends = [r for r in await cluster.read(StreamName.TRANSCRIPTS) if isinstance(r, SessionEnded)]
        assert all(end.take is not None for end in ends)
        assert cluster.metrics.total(Metric.FENCED, stage="transcribe") >= 1
        await cluster.stop()

    run(main())
