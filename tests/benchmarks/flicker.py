"""How much of what the caption line shows is taken back, and what steadiness costs, against showing raw results.

Normalized erasure (Arivazhagan et al. 2020, "Re-translation versus Streaming for Simultaneous Translation"): whenever
the line changes, the tokens behind the longest common prefix of old and new are erased; all that were, over the number
of tokens that stand in the end. Of the tail only the steady part is shown, as `llt` does. What Transcribe marks stable
stays as it is, by assumption; Moonshine's results are as they were recorded, and may contradict themselves anywhere.
Without marks it is also counted, by the least edit distance, which words were committed that nobody said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

import jiwer

from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from processors.transcribe.engines.script import Script
from shared.alignment import spelling
from shared.codec import encode
from shared.models import Segment, SessionEnded
from shared.sessions import MemorySessionStore, Session
from shared.streams import Entry, MemoryStream, StreamName
from shared.text import tokens
from sinks import Caption, CaptionEvent, CaptionSubscriber
from tests.benchmarks.bare_operators import decide
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.results import records
from tests.benchmarks.speech import librivox, town_hall
from tests.benchmarks.speech.caption_line import CaptionLine, delays, erased, raw, subscribed
from tests.benchmarks.speech.recording import Recording
from tests.benchmarks.speech.transcribe import transcribed
from tests.support import virtual_time
from tests.support.virtual_time import EPOCH, VirtualClock

_MOONSHINE = Path(__file__).parents[2] / "cli" / "demo" / "recording.moonshine.jsonl"
_TALK = "talk"
_RAW = "raw partial results"
#: Ms between two partial results.
_PACES = (100, 200, 300, 500, 1000)
_MISTAKEN = Bound("value", "<=", 0.5)


@dataclass(frozen=True)
class _Shown:
    """The caption line of one talk, and the tokens as they were committed, before any correction."""

    lines: list[CaptionLine]
    committed: list[str]


def run() -> Iterator[Figure]:
    """What Amazon Transcribe would say of five minutes of speech, and what Moonshine said of half a minute."""
    human = librivox.recording()
    talks = [human, *town_hall.talks(human.rate)]
    scripts = [transcribed(talk.items) for talk in talks]
    shown = [_shown(script) for script in scripts]
    yield from _erasure("Transcribe's timing", scripts, shown)
    yield from _erasure("Moonshine, recorded", [moonshine := Script.load(_MOONSHINE)], [_shown(moonshine)])
    bare = [_shown(_unmarked(script)) for script in scripts]
    yield from _erasure("Transcribe's timing without marks", scripts, bare)
    yield from _mistakes(talks, bare)
    for percent in (50, 95):
        unmarked, marked = (_percentile(percent, _captioned(which, talks)) for which in (bare, shown))
        yield Figure(
            name=f"flicker: Transcribe's timing without marks, word to caption, p{percent}",
            value=unmarked,
            unit="s",
            baseline=marked,
            against="with marks",
            bound=Bound("ratio", "<=", 1.1),
        )
    yield Figure(
        name="flicker: Transcribe's timing, a word in the line, p50",
        value=_percentile(50, _delays([each.lines for each in shown], talks)),
        unit="s",
        baseline=_percentile(50, _delays([list(raw(script)) for script in scripts], talks)),
        against=_RAW,
    )


def _mistakes(talks: Sequence[Recording], shown: Sequence[_Shown]) -> Iterator[Figure]:
    """What is wrong with the words that are committed where no word is marked stable, however fast results come."""
    said = f"{sum(len(talk.words) for talk in talks)} said"
    shares = _mistaken(talks, [each.committed for each in shown])
    for what, share in zip(("wrong or extra", "lost"), shares, strict=True):
        yield Figure(
            name=f"flicker: Transcribe's timing without marks, committed words {what}",
            value=share,
            unit="%",
            against=said,
            bound=_MISTAKEN,
        )
    yield Figure(
        name="flicker: without marks, results every 100 to 1,000 ms, words wrong, extra or lost at worst",
        value=max(sum(_mistaken(talks, [_decided(talk, every) for talk in talks])) for every in _PACES),
        unit="%",
        against=said,
        bound=_MISTAKEN,
    )


def _decided(talk: Recording, every: int) -> list[str]:
    """What is committed of the talk where the recogniser says something every so many ms."""
    results = records(_unmarked(transcribed(talk.items, every=every)), _TALK)
    decided = asyncio.run(decide(results))
    return [word.text for segment in decided if isinstance(segment, Segment) for word in segment.words]


def _mistaken(talks: Sequence[Recording], committed: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Committed words that are wrong or extra, and words that are lost; in % of those said."""
    said = [_spelled([word.text for word in talk.words]) for talk in talks]
    found = jiwer.process_words(said, list(map(_spelled, committed)))
    words = found.hits + found.substitutions + found.deletions
    return (found.substitutions + found.insertions) / words * 100, found.deletions / words * 100


def _spelled(texts: Sequence[str]) -> str:
    return " ".join(filter(None, map(spelling, texts)))


def _captioned(shown: Sequence[_Shown], talks: Sequence[Recording]) -> list[float]:
    """Ms from the end of each word until it was committed."""
    return _delays([[replace(line, tail=()) for line in each.lines] for each in shown], talks)


def _delays(lines: Sequence[Sequence[CaptionLine]], talks: Sequence[Recording]) -> list[float]:
    return [delay for which, talk in zip(lines, talks, strict=True) for delay in delays(which, talk.words)]


def _percentile(percent: int, delays_ms: Sequence[float]) -> float:
    """In s."""
    return quantiles(delays_ms, n=100)[percent - 1] / 1000


def _unmarked(script: Script) -> Script:
    """The same from a recogniser that marks no word stable."""
    return Script(
        tuple(
            replace(result, items=tuple(replace(item, stable=None) for item in result.items))
            for result in script.results
        )
    )


def _erasure(of: str, scripts: Sequence[Script], shown: Sequence[_Shown]) -> Iterator[Figure]:
    committed, tail = _normalised([each.lines for each in shown])
    baseline = sum(_normalised([list(raw(script)) for script in scripts]))
    bounds = {"committed": (committed, Bound("value", "==", 0)), "steady tail": (tail, Bound("value", "<", 0.2))}
    for part, (value, most) in bounds.items():
        yield Figure(
            name=f"flicker: {of}, {part}",
            value=value,
            unit="erased a token",
            baseline=baseline,
            against=_RAW,
            bound=most,
        )


def _normalised(lines: Sequence[Sequence[CaptionLine]]) -> tuple[float, float]:
    """Erased tokens of the committed part and of the tail, over those that stand in the end."""
    counts = [erased(shown) for shown in lines]
    length = sum(len(shown[-1].tokens) for shown in lines)
    return sum(committed for committed, _ in counts) / length, sum(tail for _, tail in counts) / length


def _shown(script: Script) -> _Shown:
    """What a subscriber to the captions of the script's talk saw."""
    events = virtual_time.run(_events(script))
    captions = [event.text for _, event in events if isinstance(event, Caption)]
    return _Shown(list(subscribed(events)), [token for text in captions for token in tokens(text)])


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
