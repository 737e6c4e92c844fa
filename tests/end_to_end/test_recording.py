"""The demo's recording through all five stages in one process."""

from __future__ import annotations

import asyncio
from itertools import groupby

import jiwer
import pytest

from processors.transcribe import engines as recognisers
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from shared.metrics import Metric
from shared.models import Status, Word
from shared.text import normalise
from sinks import AudioChunk, Caption
from tests.end_to_end.studio import DEMO, TARGETS, Played, play


def words(items: list[Word]) -> list[str]:
    return [normalise(item.text) for item in items if not item.is_punctuation]


def committed(played: Played) -> list[str]:
    return words([word for segment in played.segments for word in segment.words])


def final(played: Played) -> list[str]:
    return words([word for result in played.finals for word in result.items])


def assert_all_arrived(played: Played) -> None:
    """Dense numbers, and for each of them a caption and a clip in every language, once."""
    numbers = list(range(1, len(played.segments) + 1))
    assert numbers
    assert [segment.number for segment in played.segments] == numbers
    for language in (None, *TARGETS):
        captions = [event for event in played.captions[language] if isinstance(event, Caption)]
        assert [caption.number for caption in captions] == numbers
        assert all(caption.text and caption.status is Status.OK for caption in captions)
    for language in TARGETS:
        chunks = [event for event in played.speech[language] if isinstance(event, AudioChunk)]
        assert len(chunks) == len(played.speech[language])
        assert [number for number, _ in groupby(chunk.number for chunk in chunks)] == numbers
        assert [chunk.number for chunk in chunks if chunk.first] == numbers
        assert [chunk.number for chunk in chunks if chunk.last] == numbers
        assert all(any(chunk.payload) for chunk in chunks if chunk.first)


def test_recorded_results_end_up_as_the_words_of_their_finals() -> None:
    script = Script.load(DEMO / "recording.moonshine.jsonl")
    played = asyncio.run(play(ScriptedEngine(script), realtime=False))
    assert committed(played) == final(played)
    assert played.metrics.total(Metric.RESULTS_CONTRADICTED) == 0
    assert played.metrics.total(Metric.DUPLICATES_DETECTED) == 0
    assert_all_arrived(played)


def test_recorded_results_are_decided_on_alike_however_they_are_paced() -> None:
    script = Script.load(DEMO / "recording.moonshine.jsonl")
    texts = {
        realtime: [s.text for s in asyncio.run(play(ScriptedEngine(script), realtime=realtime)).segments]
        for realtime in (False, True)
    }
    assert texts[False] == texts[True]


@pytest.mark.parametrize("engine", ["moonshine", "pocketsphinx"])
def test_a_live_recogniser_is_followed_word_for_word(engine: str) -> None:
    played = asyncio.run(play(recognisers.load(engine), realtime=True))
    assert_all_arrived(played)
    reference = normalise((DEMO / "recording.txt").read_text())
    error = {name: jiwer.wer(reference, " ".join(said(played))) for name, said in _SAID.items()}
    assert abs(error["committed"] - error["final"]) <= 0.05
    assert played.metrics.total(Metric.SEAMS) == 0


_SAID = {"committed": committed, "final": final}
