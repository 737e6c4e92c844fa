"""A recording whose session ends before it does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from cli.broadcast import broadcast
from cli.broadcast.broadcast import Broadcast
from cli.broadcast.outputs import Outputs
from cli.demo.lines import Lines
from processors.engines.engines import Engines
from processors.pipeline import Pipeline
from producers.sources.wav import WavSource
from shared.codec import encode
from shared.errors import SessionOver
from shared.metrics import MemoryMetrics, Metrics
from shared.models import SessionEnded
from shared.settings import Settings
from shared.streams import Entry, StreamName
from tests.support.virtual_time import run
from tests.support.wav import flat
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic


def test_a_recording_that_outlasts_the_longest_session_is_refused_before_anything_starts(
    llt: Llt, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("nothing.jsonl").touch()
    for name, value in {"RECOGNISER": "scripted:nothing.jsonl", "TRANSLATOR": "scripted"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SYNTHESIZER", "scripted")
    monkeypatch.setenv("MAX_SESSION_LENGTH", "60")
    outcome = llt("transcribe-file", str(flat(Path("talk.wav"), 60.5)), "--to", "es", "--out", "out")
    assert (outcome.code, outcome.err) == (
        2,
        "llt: MAX_SESSION_LENGTH=60: expected at least 61 s, which talk.wav lasts; set it higher, or cut the recording\n",
    )
    assert not Path("out").exists()


def test_a_recording_that_is_cut_off_is_a_failure_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines: list[Pipeline] = []

    class Watched(Pipeline):
        def __init__(self, engines: Engines, settings: Settings, metrics: Metrics) -> None:
            super().__init__(engines, settings, metrics)
            pipelines.append(self)

    monkeypatch.setattr(broadcast, "Pipeline", Watched)
    Path("nothing.jsonl").touch()
    engines = Engines(Settings(recogniser="scripted:nothing.jsonl", translator="scripted", synthesizer="scripted"))
    with Outputs(Path("out"), "en", ["es"]) as outputs:
        job = Broadcast(
            WavSource(flat(Path("talk.wav"), 90)), ["es"], engines, outputs, Lines(Console()), realtime=True
        )

        async def end() -> None:
            await asyncio.sleep(30)
            ended = SessionEnded(session="broadcast", captured_at=1)
            await pipelines[0].streams[StreamName.AUDIO].publish([Entry(ended.key, encode(ended))])

        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(end())
                with pytest.raises(SessionOver, match=r"of which 90 s were to be heard.*MAX_SESSION_LENGTH"):
                    await job.run(Settings(), MemoryMetrics())

        run(main())
    assert not job.outcome.complete
    assert job.outcome.sent <= 45
