"""Two hosts begin behind a backlog with minutes of music or of nothing in it: one works it off, the other stands by."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import Metric
from shared.models import AudioFrame, SessionEnded
from tests.conformance.host_under_test import FACTORIES, HOSTS
from tests.conformance.scripted_cluster import said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, Engines, SimulatedCluster, Talk, frame, shifted
from tests.support.virtual_time import VirtualClock, run

pytestmark = [pytest.mark.hermetic, pytest.mark.no_cover]

#: Length (ms) of what stands between the two halves of the talk.
BETWEEN = 150_000


class Paced(ScriptedEngine):
    """Takes audio no faster than a paid service does."""

    feed_rate: float | None = 1.5


def loud(quiet: AudioFrame) -> AudioFrame:
    return replace(quiet, payload=b"\x00\x30\x00\xd0" * (len(quiet.payload) // 4))


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("is_loud", [True, False], ids=["music", "silence"])
def test_a_backlog_without_words_is_worked_off_by_one_of_two_hosts(host: str, *, is_loud: bool) -> None:
    async def main() -> None:
        half = sentences("talk", 6)
        begins = half.length
        words = half.words + tuple(
            replace(word, text=word.text + "b") for word in shifted(half.words, begins + BETWEEN)
        )
        talk = Talk("talk", words)
        script = Script.from_words(talk.words)
        cluster = SimulatedCluster(
            FACTORIES[host], Engines(lambda: Paced(script), ScriptedTranslator, ScriptedSynthesizer)
        )
        await cluster.open(talk)
        for start in range(0, talk.length, FRAME_MS):
            between = begins <= start < begins + BETWEEN
            await cluster.send(loud(frame(talk.id, start)) if between and is_loud else frame(talk.id, start))
            await asyncio.sleep(FRAME_MS / 1000)
        await cluster.send(SessionEnded(session=talk.id, captured_at=VirtualClock().now()))
        cluster.start(["transcribe", "transcribe", "stability", "dedup", "translate", "synthesize"])
        await asyncio.sleep(360)
        await cluster.stop()
        (await session_output(cluster, talk)).assert_whole(said(talk))
        assert cluster.metrics.total(Metric.FENCED, stage="transcribe") == 1

    run(main())
