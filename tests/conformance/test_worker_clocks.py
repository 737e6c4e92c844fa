"""Attempts at a clip, where a worker's clock is wrong or the store that counts them is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.errors import StoreUnavailable
from shared.sessions import MemorySessionStore
from sinks import AudioChunk, AudioEvent, AudioSubscriber, ClipMissed
from tests.conformance.host_under_test import FACTORIES, HOSTS, HostEnvironment
from tests.conformance.scripted_cluster import SETTLED, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import STAGES, Engines, SimulatedCluster
from tests.support.clocks import SkewedClock
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic


class Slow(ScriptedSynthesizer):
    """Ten chunks of 100 ms a clip, at the pace of speech."""

    async def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(self.rate // 10 * 2)
            await asyncio.sleep(0.1)


class Uncounted(MemorySessionStore):
    """Takes no epoch."""

    refused = 0

    async def raise_epoch(self, session: str) -> int:
        self.refused += 1
        raise StoreUnavailable("out of order")


def first_synthesizer_is_ahead(seconds: float) -> Callable[[str, HostEnvironment], HostEnvironment]:
    """A view for a cluster: the first synthesizer runs on a host whose clock is so many s ahead."""
    wrong = [seconds]

    def view(application: str, environment: HostEnvironment) -> HostEnvironment:
        if application != "synthesize" or not wrong:
            return environment
        return replace(environment, clock=SkewedClock(wrong.pop()))

    return view


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("ahead", [60.0, 7200.0, -7200.0])
def test_a_clip_that_broke_off_on_a_host_whose_clock_is_wrong_is_heard_to_its_end(host: str, ahead: float) -> None:
    async def main() -> None:
        talk = sentences("talk", 6)
        script = Script.from_words(talk.words)
        cluster = SimulatedCluster(FACTORIES[host], Engines(lambda: ScriptedEngine(script), ScriptedTranslator, Slow))
        cluster.view = first_synthesizer_is_ahead(ahead)
        events: list[AudioEvent] = []
        second = asyncio.Event()

        async def listen() -> None:
            subscriber = AudioSubscriber(cluster.streams, "talk", "es", clip_timeout_s=30, clock=VirtualClock())
            async with subscriber as audio:
                async for event in audio:
                    events.append(event)
                    if isinstance(event, AudioChunk) and event.number == 2:
                        second.set()

        listening = asyncio.create_task(listen())
        cluster.start(STAGES)
        speaking = asyncio.create_task(cluster.speak(talk))
        await second.wait()
        next(process for process in cluster.processes if process.application == "synthesize").kill()
        await speaking
        async with asyncio.timeout(90):
            await listening
        whole = {event.number for event in events if isinstance(event, AudioChunk) and event.last}
        assert not [event for event in events if isinstance(event, ClipMissed)]
        assert whole == set(range(1, max(whole) + 1))
        await cluster.stop()

    run(main())


@pytest.mark.parametrize("host", HOSTS)
def test_a_store_that_takes_no_epoch_delays_no_speech(host: str) -> None:
    async def main() -> None:
        talk = sentences("talk", 12)
        script = Script.from_words(talk.words)
        engines = Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        cluster = SimulatedCluster(FACTORIES[host], engines)
        cluster.store = cluster.worker_store = store = Uncounted()
        cluster.start(STAGES)
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        got = await session_output(cluster, talk)
        got.assert_whole(said(talk))
        assert store.refused > 2
        delays = [clip.hops["synthesize"] - clip.hops["translate"] for clip in got.clips["es"]]
        assert max(delays) < 3000
        await cluster.stop()

    run(main())
