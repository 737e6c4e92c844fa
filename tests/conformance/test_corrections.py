"""A number that was misheard is corrected in every language as text, whoever is killed; nothing is spoken twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.models import Correction, TranslationCorrection, Word
from shared.streams import StreamName
from sinks import Caption, Corrected
from tests.conformance.host_under_test import FACTORIES, HOSTS
from tests.conformance.kill_injection import Kill
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import LAYOUTS, STAGES, Engines, SimulatedCluster, Talk
from tests.conformance.subscribers import Subscribers
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

_SAID = "we sold that old car for 25 dollars . and so it went ."
_RIGHT = _SAID.removesuffix(" and so it went .").replace(" .", ".")


def talk() -> Talk:
    words: list[Word] = []
    at = 300
    for text in _SAID.split():
        length = 0 if text == "." else 250
        words.append(Word(text, at, at + length))
        at += length
    return Talk("talk", tuple(words))


def misheard(spoken: Talk) -> Script:
    """Its partial results hear 20 dollars."""
    script = Script.from_words(spoken.words)
    return Script(
        tuple(
            result
            if result.final
            else replace(result, items=tuple(replace(w, text="20") if w.text == "25" else w for w in result.items))
            for result in script.results
        )
    )


async def assert_corrected(cluster: SimulatedCluster, spoken: Talk, subscribers: Subscribers) -> None:
    """Each language is told once by every writer of what was wrong, and shows it once."""
    got = await session_output(cluster, spoken)
    got.assert_dense()
    got.assert_ended()
    assert "20" in got.words
    await subscribers.assert_delivered_once(len(got.segments))
    corrections = [r for r in await cluster.read(StreamName.UNIQUE_SEGMENTS) if isinstance(r, Correction)]
    (text,) = {correction.text for correction in corrections}
    assert text == _RIGHT
    translated = [r for r in await cluster.read(StreamName.TRANSLATIONS) if isinstance(r, TranslationCorrection)]
    for language in spoken.languages:
        assert {(c.first, c.last, c.text) for c in translated if c.language == language} == {
            (1, 1, f"[{language}] {text}")
        }
        events = [event for event in subscribers.events(language) if isinstance(event, Caption | Corrected)]
        assert [event for event in events if isinstance(event, Corrected)] == [Corrected(1, 1, f"[{language}] {text}")]
        assert isinstance(events[0], Caption)
    assert not await cluster.read(StreamName.DEAD_LETTERS)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_language_is_corrected(host: str, layout: tuple[str, ...]) -> None:
    async def main() -> None:
        spoken = talk()
        script = misheard(spoken)
        cluster = SimulatedCluster(
            FACTORIES[host], Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        )
        subscribers = Subscribers(cluster.streams, spoken)
        cluster.start(layout)
        await cluster.speak(spoken)
        await asyncio.sleep(20)
        await cluster.stop()
        await assert_corrected(cluster, spoken, subscribers)

    run(main())


@pytest.mark.long
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("application", ["translate", "synthesize"])
def test_a_correction_outlives_the_process_that_has_it(host: str, application: str) -> None:
    async def main(plan: Kill) -> int:
        spoken = talk()
        script = misheard(spoken)
        cluster = SimulatedCluster(
            FACTORIES[host], Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        )
        subscribers = Subscribers(cluster.streams, spoken)
        cluster.start(STAGES, {application: [plan]})
        await cluster.speak(spoken)
        await asyncio.sleep(20)
        killed = sum(process.kills for process in cluster.processes)
        await cluster.stop()
        await assert_corrected(cluster, spoken, subscribers)
        return killed

    for write in range(1, 30):
        killed = [run(main(Kill(write, takes_effect))) for takes_effect in (False, True)]
        if not any(killed):
            break
    assert write > 3
