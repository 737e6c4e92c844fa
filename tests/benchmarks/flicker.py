"""How much of what the caption line shows is taken back, and what steadiness costs, against showing raw results.

Normalized erasure (Arivazhagan et al. 2020, "Re-translation versus Streaming for Simultaneous Translation"): whenever
the line changes, the tokens behind the longest common prefix of old and new are erased; all that were, over the number
of tokens that stand in the end. Of the tail only the steady part is shown, as `llt` does. What Transcribe marks stable
stays as it is, by assumption; Moonshine's results are as they were recorded, and may contradict themselves anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from processors.transcribe.engines.script import Script
from shared.codec import encode
from shared.models import SessionEnded
from shared.sessions import MemorySessionStore, Session
from shared.streams import Entry, MemoryStream, StreamName
from sinks import CaptionEvent, CaptionSubscriber
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.results import records
from tests.benchmarks.speech import librivox, town_hall
from tests.benchmarks.speech.line import Line, delays, erased, raw, subscribed
from tests.benchmarks.speech.transcribe import transcribed
from tests.support import virtual_time
from tests.support.virtual_time import EPOCH, VirtualClock

_MOONSHINE = Path(__file__).parents[2] / "cli" / "demo" / "recording.moonshine.jsonl"
_TALK = "talk"
_RAW = "raw partial results"


def run() -> Iterator[Figure]:
    """What Amazon Transcribe would say of five minutes of speech, and what Moonshine said of half a minute."""
    human = librivox.recording()
    talks = [human, *town_hall.talks(human.rate)]
    scripts = [transcribed(talk.items) for talk in talks]
    lines = [_shown(script) for script in scripts]
    yield from _erasure("Transcribe's timing", scripts, lines)
    yield from _erasure("Moonshine, recorded", [moonshine := Script.load(_MOONSHINE)], [_shown(moonshine)])
    bare = [_unmarked(script) for script in scripts]
    yield from _erasure("Transcribe's timing without marks", bare, [_shown(script) for script in bare], bound=False)
    steady, first = (
        median(delay for shown, talk in zip(which, talks, strict=True) for delay in delays(shown, talk.words))
        for which in (lines, [raw(script) for script in scripts])
    )
    yield Figure(
        name="flicker: Transcribe's timing, a word in the line, p50",
        value=steady / 1000,
        unit="s",
        baseline=first / 1000,
        against=_RAW,
    )


def _unmarked(script: Script) -> Script:
    """The same from a recogniser that marks no word stable."""
    return Script(
        tuple(
            replace(result, items=tuple(replace(item, stable=None) for item in result.items))
            for result in script.results
        )
    )


def _erasure(
    of: str, scripts: Sequence[Script], lines: Sequence[Sequence[Line]], *, bound: bool = True
) -> Iterator[Figure]:
    committed, tail = _normalised(lines)
    baseline = sum(_normalised([list(raw(script)) for script in scripts]))
    bounds = {"committed": (committed, Bound("value", "==", 0)), "steady tail": (tail, Bound("value", "<", 0.2))}
    for part, (value, most) in bounds.items():
        yield Figure(
            name=f"flicker: {of}, {part}",
            value=value,
            unit="erased a token",
            baseline=baseline,
            against=_RAW,
            bound=most if bound else None,
        )


def _normalised(lines: Sequence[Sequence[Line]]) -> tuple[float, float]:
    """Erased tokens of the committed part and of the tail, over those that stand in the end."""
    counts = [erased(shown) for shown in lines]
    length = sum(len(shown[-1].tokens) for shown in lines)
    return sum(committed for committed, _ in counts) / length, sum(tail for _, tail in counts) / length


def _shown(script: Script) -> list[Line]:
    """The line of a subscriber to the captions of the script's talk."""
    return list(subscribed(virtual_time.run(_events(script))))


async def _events(script: Script) -> list[tuple[float, CaptionEvent]]:
    """What a subscriber is told, and when (audio time, ms)."""
    streams = {name: MemoryStream(name, clock=VirtualClock()) for name in StreamName}
    store = MemorySessionStore()
    await store.create(Session(id=_TALK, source_language="en", target_languages=("es",), started_at=EPOCH))
    host = LocalHost([[StabilityStage(), DedupStage()]], streams, store, clock=VirtualClock())
    host.start()
    events: list[tuple[float, CaptionEvent]] = []

    async def read(captions: CaptionSubscriber) -> None:
        async for event in captions:
            events.append((VirtualClock().now() - EPOCH, event))  # noqa: PERF401 - each is timed as it comes

    async with CaptionSubscriber(streams, _TALK, clock=VirtualClock()) as captions, asyncio.TaskGroup() as group:
        group.create_task(read(captions))
        for record in records(script, _TALK):
            await asyncio.sleep((record.position - VirtualClock().now() + EPOCH) / 1000)
            await streams[StreamName.TRANSCRIPTS].publish([Entry(_TALK, encode(record))])
        end = SessionEnded(session=_TALK, captured_at=VirtualClock().now())
        await streams[StreamName.TRANSCRIPTS].publish([Entry(_TALK, encode(end))])
    await host.stop()
    return events
