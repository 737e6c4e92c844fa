"""A speaker through every stage, with a Transcribe behind that fails."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import jiwer
import pytest

from emulators.faults import Fault, FaultKind
from processors.transcribe.engines.script import Script
from shared.metrics import Metric
from shared.models import Word
from shared.text import normalise
from tests.end_to_end.pipeline_run import DEMO, PipelineRun, assert_all_arrived, run_pipeline
from tests.support.emulated_transcribe import emulated
from tests.support.wav import flat

pytestmark = pytest.mark.system

#: Where in the recording a fault strikes (ms of a stream's audio): in the middle of speech.
MID_SPEECH = 5500
#: Minutes of audio in the long test, and after which each of its faults strikes (ms of a stream's audio).
MINUTES = 30
SEVERAL = {
    FaultKind.ABORT: 240_000,
    FaultKind.RESET: 241_300,
    FaultKind.SILENT_END: 242_700,
    FaultKind.THROTTLE: 300_500,
}
#: Words that may be wrong at a seam.
AT_A_SEAM = 1


def words(items: list[Word]) -> list[str]:
    return [normalise(item.text) for item in items if not item.is_punctuation]


def committed(played: PipelineRun) -> list[str]:
    return words([word for segment in played.segments for word in segment.words])


def spoken(script: Script) -> list[str]:
    return words([word for result in script.results if result.final for word in result.items])


def assert_seams_alone_differ(script: Script, played: PipelineRun) -> None:
    """Nothing lost, nothing twice and all in order, but for the words that a counted seam may cost."""
    edits = jiwer.process_words(" ".join(spoken(script)), " ".join(committed(played)))
    wrong = edits.substitutions + edits.deletions + edits.insertions
    assert wrong <= AT_A_SEAM * played.metrics.total(Metric.SEAMS)


@pytest.mark.emulated
@pytest.mark.parametrize("kind", list(FaultKind))
async def test_a_stream_that_fails_in_mid_speech_costs_a_seam_at_most(kind: FaultKind, tmp_path: Path) -> None:
    script = Script.load(DEMO / "recording.moonshine.jsonl")
    async with emulated(script, tmp_path, Fault(kind, at=MID_SPEECH), feed_rate=1.5) as engine:
        played = await run_pipeline(engine, realtime=True)
    assert played.metrics.total(Metric.RECOGNISER_DROPS) == 1
    assert played.metrics.total(Metric.TAKES_OPENED) == 2
    assert played.metrics.total(Metric.AUDIO_LOST) == 0
    assert_all_arrived(played)
    assert_seams_alone_differ(script, played)


@pytest.mark.emulated
@pytest.mark.parametrize("kind", list(FaultKind))
async def test_a_stream_that_does_not_open_costs_no_word(kind: FaultKind, tmp_path: Path) -> None:
    script = Script.load(DEMO / "recording.moonshine.jsonl")
    # Fed without a limit, many results would come behind the same audio, and be decided on as one.
    async with emulated(script, tmp_path, Fault(kind, times=2), feed_rate=3, opening=1.0) as engine:
        played = await run_pipeline(engine, realtime=False)
    assert played.metrics.total(Metric.TAKES_OPENED) == 3
    # A silent end opens as if all were well, and is a drop then.
    assert played.metrics.total(Metric.RECOGNISER_DROPS) == (2 if kind is FaultKind.SILENT_END else 0)
    assert_all_arrived(played)
    assert committed(played) == spoken(script)


@pytest.mark.emulated
async def test_half_an_hour_across_several_drops_has_every_word_once(tmp_path: Path) -> None:
    script = Script.from_words(list(talk(MINUTES * 60_000)))
    recording = flat(tmp_path / "half-an-hour.wav", MINUTES * 60)
    faults = [Fault(kind, at=at, times=1) for kind, at in SEVERAL.items()]
    async with emulated(script, tmp_path, *faults) as engine:
        played = await run_pipeline(engine, realtime=False, recording=recording)
    assert played.metrics.total(Metric.RECOGNISER_DROPS) == len(faults)
    assert played.metrics.total(Metric.SEAMS) <= len(faults)
    assert played.metrics.total(Metric.AUDIO_LOST) == 0
    assert_seams_alone_differ(script, played)
    assert [segment.number for segment in played.segments] == list(range(1, len(played.segments) + 1))


def talk(length: int) -> Iterator[Word]:
    """Words that are all different, three a second, with a pause behind every tenth, up to `length` ms."""
    at = 0
    for number in count():
        if at + 2000 > length:
            return
        yield Word(f"word{number}", at, at + 280)
        at += 1500 if number % 10 == 9 else 300
