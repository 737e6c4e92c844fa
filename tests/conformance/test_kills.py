"""Any process is killed at any point between its writes, several times: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import Metric
from shared.models import Word
from shared.streams import StreamName
from shared.text import normalise
from tests.conformance.host_under_test import FACTORIES, HOSTS
from tests.conformance.kill_injection import Kill
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import LAYOUTS, STAGES, Engines, SimulatedCluster, Talk
from tests.conformance.strategies import different_each_time, kills, parts, talks
from tests.conformance.subscribers import Subscribers
from tests.support.effort import tries
from tests.support.virtual_time import run

#: Their hundreds of worlds take several times as long while coverage watches, and other tests cover the same lines.
pytestmark = [pytest.mark.hermetic, pytest.mark.no_cover]

#: Virtual seconds for the last replay, pause and orphan to be over.
SETTLED = 40
THOROUGH = settings(max_examples=tries(20))


@pytest.mark.parametrize("host", HOSTS)
@THOROUGH
@given(data=st.data())
def test_the_same_words_once_and_in_order_whatever_is_killed(host: str, data: st.DataObject) -> None:
    speakers = [data.draw(talks(f"talk-{n}", distinct=data.draw(st.booleans()))) for n in range(3)]
    scripts = {talk.id: Script.from_words(talk.words) for talk in speakers}
    layout = data.draw(st.sampled_from(LAYOUTS))
    plans = {application: data.draw(kills()) for application in layout}
    together = data.draw(st.lists(st.tuples(st.floats(0, 15), st.sets(st.sampled_from(layout))), max_size=2))

    async def main() -> None:
        engines = Engines(lambda: ScriptedEngine(scripts), ScriptedTranslator, ScriptedSynthesizer)
        cluster = SimulatedCluster(FACTORIES[host], engines)
        audiences = [Subscribers(cluster.streams, talk) for talk in speakers]
        cluster.start(layout, plans)
        await asyncio.gather(
            *(cluster.speak(talk) for talk in speakers), *(several(cluster, *kill) for kill in together)
        )
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        for talk, subscribers in zip(speakers, audiences, strict=True):
            got = await session_output(cluster, talk)
            assert got.words == [word.text for word in talk.words if not word.is_punctuation]
            got.assert_dense()
            got.assert_ended()
            await subscribers.assert_delivered_once(len(got.segments))
            assert normalise(subscribers.captions).split() == got.words
        assert not await cluster.read(StreamName.DEAD_LETTERS)

    run(main())


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("shift", [200, -200])
@THOROUGH
@given(data=st.data())
def test_a_recogniser_that_answers_differently_costs_at_most_a_word_a_seam(
    host: str, shift: int, data: st.DataObject
) -> None:
    speakers = [data.draw(talks(f"talk-{n}", distinct=True, shortest=250)) for n in range(2)]
    scripts = {talk.id: Script.from_words(talk.words) for talk in speakers}
    layout = data.draw(st.sampled_from(LAYOUTS))
    plans = {application: data.draw(kills(3)) for application in layout}
    drops = data.draw(st.lists(st.integers(1, 15_000), max_size=2))

    async def main() -> None:
        variant = different_each_time(shift)
        engines = Engines(
            lambda: ScriptedEngine(scripts, drop_at=drops, variant=variant), ScriptedTranslator, ScriptedSynthesizer
        )
        cluster = SimulatedCluster(FACTORIES[host], engines)
        cluster.start(layout, plans)
        await asyncio.gather(*(cluster.speak(talk) for talk in speakers))
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        wrong = 0
        for talk in speakers:
            got = await session_output(cluster, talk)
            said = [part for word in got.words for part in parts(word)]
            spoken = parts(" ".join(talk.texts))
            assert sorted(said, key=spoken.index) == said
            assert max(Counter(got.words).values(), default=0) <= 1
            wrong += sum((Counter(said) - Counter(spoken)).values()) + sum((Counter(spoken) - Counter(said)).values())
            for utterance in utterances(talk):
                assert not said or set(utterance) & set(said)
            got.assert_dense()
            got.assert_ended()
        assert wrong <= cluster.metrics.total(Metric.SEAMS)

    run(main())


@pytest.mark.long
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("application", STAGES)
def test_a_process_killed_at_every_one_of_its_first_writes(host: str, application: str) -> None:
    """Not left to chance: each write in turn, before and after it took effect, each in a run of its own."""
    speaker = fixed_talk()

    async def main(plan: Kill) -> int:
        script = Script.from_words(speaker.words)
        cluster = SimulatedCluster(
            FACTORIES[host], Engines(lambda: ScriptedEngine(script), ScriptedTranslator, ScriptedSynthesizer)
        )
        cluster.start(STAGES, {application: [plan]})
        await cluster.speak(speaker)
        await asyncio.sleep(SETTLED)
        killed = sum(process.kills for process in cluster.processes)
        await cluster.stop()
        (await session_output(cluster, speaker)).assert_whole(speaker.texts)
        return killed

    for write in range(1, 40):
        killed = [run(main(Kill(write, takes_effect))) for takes_effect in (False, True)]
        if not any(killed):
            break
    assert write > 5


def utterances(talk: Talk) -> list[list[str]]:
    """The talk's words, cut where its speaker pauses."""
    cut: list[list[str]] = []
    end = 0
    for word in talk.words:
        if not cut or word.start - end >= 700:
            cut.append([])
        cut[-1] += parts(word.text)
        end = word.end
    return [utterance for utterance in cut if utterance]


def fixed_talk() -> Talk:
    """Three utterances of words that repeat themselves."""
    words: list[Word] = []
    at = 300
    for number, text in enumerate(
        ["no", "no", "no", "we", "said", "no", "we", "said", "so", "we", "said", "no", "and", "so", "it", "was", "no"]
    ):
        words.append(Word(text, at, at + 250))
        at += 1200 if number % 6 == 5 else 280
    return Talk("talk", tuple(words))


async def several(cluster: SimulatedCluster, at: float, applications: set[str]) -> None:
    """Kills several processes at one moment."""
    await asyncio.sleep(at)
    for process in cluster.processes:
        if process.application in applications:
            process.kill()
