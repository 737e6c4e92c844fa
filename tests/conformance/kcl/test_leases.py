"""Leases that go to another worker in the middle of speech, told late, and with work in hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import Metric
from shared.streams import StreamName
from tests.conformance.host_under_test import kcl_host
from tests.conformance.scripted_cluster import SETTLED, cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import STAGES, Engines, SimulatedCluster, SimulatedProcess, memory_stream
from tests.support.refusing_stream import RefusingStream
from tests.support.virtual_time import run

if TYPE_CHECKING:
    from tests.conformance.kcl.daemon import MultiLangDaemon

pytestmark = [pytest.mark.hermetic, pytest.mark.kcl]

#: Where each stage writes.
WRITES = dict(
    zip(
        STAGES,
        (
            StreamName.TRANSCRIPTS,
            StreamName.SEGMENTS,
            StreamName.UNIQUE_SEGMENTS,
            StreamName.TRANSLATIONS,
            StreamName.SPEECH,
        ),
        strict=True,
    )
)


def daemon(process: SimulatedProcess) -> MultiLangDaemon:
    from tests.conformance.kcl.daemon import MultiLangDaemon

    assert isinstance(process.host, MultiLangDaemon)
    return process.host


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("refused", [False, True], ids=["flowing", "refused"])
def test_a_lost_lease_loses_nothing_and_its_old_owner_writes_nothing_more(stage: str, *, refused: bool) -> None:
    """Where its output is refused, the old owner learns of the loss only when it is taken again: then both write."""

    async def main() -> None:
        talk = sentences()
        script = Script.from_words(talk.words)
        streams = {name: memory_stream(name, RefusingStream) for name in StreamName}
        output = streams[WRITES[stage]]
        assert isinstance(output, RefusingStream)
        if refused:
            output.refuses = (3.0, 15.0)
        engines = Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        cluster = SimulatedCluster(kcl_host, engines, streams=streams)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(6.1)
        old = next(process for process in cluster.processes if process.application == stage)
        cluster.start([stage])
        daemon(old).lose_leases()
        await asyncio.sleep(20)
        written = old.writes
        await speaking
        await asyncio.sleep(SETTLED)
        assert old.writes == written
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


def test_a_shard_that_ends_under_a_fenced_worker_is_not_ended_by_it() -> None:
    """It holds what another owns and can not confirm the end: its child dies, and is started again behind the end."""
    from processors.hosts.kcl.record_processor import ShardNotOwned

    async def main() -> None:
        talk = sentences()
        cluster = cluster_of("kcl", talk)
        cluster.planned = (ShardNotOwned,)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(6.1)
        cluster.start(["transcribe"])
        await asyncio.sleep(3)
        assert cluster.metrics.total(Metric.FENCED, stage="transcribe") == 1
        (shard,) = await cluster.streams[StreamName.AUDIO].shards()
        cluster.streams[StreamName.AUDIO].split(shard.id)
        await speaking
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        assert len(cluster.crashes) == 1
        (await session_output(cluster, talk)).assert_whole(said(talk))

    run(main())
