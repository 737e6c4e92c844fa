"""A simulated cluster whose engines follow a script, and what its speakers say."""

from __future__ import annotations

from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.translate.engines.scripted import ScriptedTranslator
from shared.models import Word
from shared.streams import MemoryStream, StreamName
from tests.conformance.host_under_test import FACTORIES
from tests.conformance.simulated_cluster import Engines, SimulatedCluster, Talk, memory_stream

#: Seconds after which most have come to rest that were not disturbed for long.
SETTLED = 40


def sentences(name: str = "talk", count: int = 12) -> Talk:
    """Sentences of five words, each said once, with a pause behind every second one."""
    words: list[Word] = []
    at = 300
    for sentence in range(count):
        for number in range(5):
            words.append(Word(f"w{sentence * 5 + number}", at, at + 240))
            at += 290
        words.append(Word(".", at - 50, at - 50))
        at += 1500 if sentence % 2 else 100
    return Talk(name, tuple(words))


def said(talk: Talk) -> list[str]:
    """Its words, without punctuation."""
    return [word.text for word in talk.words if not word.is_punctuation]


def cluster_of(
    host: str,
    *talks: Talk,
    script: Script | None = None,
    feed_rate: float | None = None,
    kind: type[MemoryStream] = MemoryStream,
) -> SimulatedCluster:
    """A cluster on hosts of that name, whose recogniser hears the talks, or `script` in every session.

    It is fed at most `feed_rate` s of audio a s; the streams are of this kind.
    """
    scripts = {talk.id: Script.from_words(talk.words) for talk in talks}

    def recogniser() -> ScriptedEngine:
        engine = ScriptedEngine(scripts if script is None else script)
        engine.feed_rate = feed_rate
        return engine

    engines = Engines(recogniser, ScriptedTranslator, ScriptedSynthesizer)
    return SimulatedCluster(FACTORIES[host], engines, streams={name: memory_stream(name, kind) for name in StreamName})
