"""Two workers on one session, shards that end in the middle of speech, and shutdowns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import Metric
from shared.models import FinalResult, PartialResult, Segment, SessionEnded
from shared.sessions import Session
from shared.streams import StreamName
from tests.conformance.host_under_test import FACTORIES, HOSTS
from tests.conformance.scripted_cluster import SETTLED, cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import LAYOUTS, Engines, SimulatedCluster
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("application", ["stability", "dedup", "translate", "synthesize", "stability+dedup+translate"])
def test_two_owners_of_a_stage_decide_nothing_twice(host: str, application: str) -> None:
    """As when a worker has lost its lease and does not know it yet: both read, both write."""

    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk)
        layout = next(layout for layout in LAYOUTS if application in layout)
        cluster.start([*layout, application])
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        texts: dict[int, str] = {}
        for record in await cluster.read(StreamName.UNIQUE_SEGMENTS):
            if isinstance(record, Segment):
                assert texts.setdefault(record.number, record.text) == record.text

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_second_transcriber_fences_the_first_which_publishes_nothing_more(host: str) -> None:
    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(6.1)
        cluster.start(["transcribe"])
        await speaking
        await asyncio.sleep(SETTLED)
        assert cluster.metrics.total(Metric.FENCED, stage="transcribe") == 1
        results = [r for r in await cluster.read(StreamName.TRANSCRIPTS) if isinstance(r, PartialResult | FinalResult)]
        fenced_at = max(result.position for result in results if result.take == 1)
        assert fenced_at < max(result.position for result in results if result.take == 2) - 10_000
        (await session_output(cluster, talk)).assert_whole(said(talk))
        await cluster.stop()

    run(main())


class SlowToEnd(ScriptedEngine):
    """Its last words take a while."""

    async def open(self, session: Session, start: int) -> Any:
        recogniser = await super().open(session, start)
        finish = recogniser.finish

        async def slowly() -> None:
            await asyncio.sleep(6)
            await finish()

        recogniser.finish = slowly  # type: ignore[method-assign]
        return recogniser


@pytest.mark.parametrize("host", HOSTS)
def test_a_fenced_transcriber_that_hears_nothing_does_not_end_the_session_over_its_owners_words(host: str) -> None:
    async def main() -> None:
        talk = sentences(count=4)
        script = Script.from_words(talk.words)
        recognisers = iter([ScriptedEngine(Script()), SlowToEnd(script)])
        engines = Engines(lambda: next(recognisers), ScriptedTranslator, ScriptedSynthesizer)
        cluster = SimulatedCluster(FACTORIES[host], engines)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(1)
        cluster.start(["transcribe"])
        await speaking
        await asyncio.sleep(SETTLED)
        assert cluster.metrics.total(Metric.FENCED, stage="transcribe") == 1
        await cluster.stop()
        transcripts = await cluster.read(StreamName.TRANSCRIPTS)
        assert [isinstance(record, SessionEnded) for record in transcripts].index(True) == len(transcripts) - 1
        (await session_output(cluster, talk)).assert_whole(said(talk))

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("stream", [name for name in StreamName if name is not StreamName.DEAD_LETTERS])
def test_a_split_and_a_merge_in_the_middle_of_speech(host: str, stream: StreamName) -> None:
    async def main() -> None:
        talks = [sentences("first"), sentences("second"), sentences("third")]
        cluster = cluster_of(host, *talks)
        cluster.start()
        speaking = [asyncio.create_task(cluster.speak(talk)) for talk in talks]
        await asyncio.sleep(4.3)
        (shard,) = await cluster.streams[stream].shards()
        cluster.streams[stream].split(shard.id)
        await asyncio.sleep(4.5)
        left, right = (s.id for s in await cluster.streams[stream].shards() if s.parents == (shard.id,))
        cluster.streams[stream].merge(left, right)
        await asyncio.gather(*speaking)
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        for talk in talks:
            (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_graceful_restart_in_the_middle_of_speech(host: str, layout: tuple[str, ...]) -> None:
    async def main() -> None:
        talk = sentences()
        cluster = cluster_of(host, talk)
        cluster.start(layout)
        speaking = asyncio.create_task(cluster.speak(talk))
        for _ in range(3):
            await asyncio.sleep(4.7)
            await cluster.stop()
            cluster.start(layout)
        await speaking
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))

    run(main())
