"""The demo's recording through all five stages in one process."""

from __future__ import annotations

import asyncio

import jiwer
import pytest

from processors.engines.engines import Engines
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from shared.metrics import Metric
from shared.models import Word
from shared.settings import Settings
from shared.text import normalise
from tests.end_to_end.pipeline_run import DEMO, PipelineRun, assert_all_arrived, run_pipeline
from tests.support.pocketsphinx import POCKETSPHINX

pytestmark = pytest.mark.system


def words(items: list[Word]) -> list[str]:
    return [normalise(item.text) for item in items if not item.is_punctuation]


def committed(played: PipelineRun) -> list[str]:
    return words([word for segment in played.segments for word in segment.words])


def final(played: PipelineRun) -> list[str]:
    return words([word for result in played.finals for word in result.items])


def test_recorded_results_end_up_as_the_words_of_their_finals() -> None:
    script = Script.load(DEMO / "recording.moonshine.jsonl")
    played = asyncio.run(run_pipeline(ScriptedEngine(script), realtime=False))
    assert committed(played) == final(played)
    assert played.metrics.total(Metric.RESULTS_CONTRADICTED) == 0
    assert played.metrics.total(Metric.DUPLICATES_DETECTED) == 0
    assert_all_arrived(played)


@pytest.mark.long
def test_recorded_results_are_decided_on_alike_however_they_are_paced() -> None:
    script = Script.load(DEMO / "recording.moonshine.jsonl")
    texts = {
        realtime: [s.text for s in asyncio.run(run_pipeline(ScriptedEngine(script), realtime=realtime)).segments]
        for realtime in (False, True)
    }
    assert texts[False] == texts[True]


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.parametrize("engine", ["moonshine", POCKETSPHINX])
def test_a_live_recogniser_is_followed_word_for_word(engine: str) -> None:
    played = asyncio.run(run_pipeline(Engines(Settings(recogniser=engine)).recogniser, realtime=True))
    assert_all_arrived(played)
    reference = normalise((DEMO / "recording.txt").read_text())
    error = {name: jiwer.wer(reference, " ".join(said(played))) for name, said in _SAID.items()}
    assert abs(error["committed"] - error["final"]) <= 0.05
    assert played.metrics.total(Metric.SEAMS) == 0


_SAID = {"committed": committed, "final": final}
