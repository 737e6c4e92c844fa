"""A stability operator, the results that it is given, and what it makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from processors.stability.stage import StabilityStage
from shared.models import Correction, FinalResult, PartialResult, Record, Result, Segment, SessionEnded, Silence, Word
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from tests.support.operator_harness import OperatorHarness

#: How long (ms) a word takes.
WORD = 300


def items(text: str, start: int = 0, *, marked: bool = True) -> tuple[Word, ...]:
    """Words of 300 ms one behind the other: `~` before an item says it is not stable, `|` is a gap of 400 ms."""
    made = []
    for token in text.split():
        if token == "|":
            start += 400
            continue
        bare = token.removeprefix("~")
        end = start if Word(bare, 0, 0).is_punctuation else start + WORD
        made.append(Word(bare, start, end, bare == token if marked else None))
        start = end
    return tuple(made)


def partial(text: str, position: int | None = None, **fields: Any) -> PartialResult:
    """A partial result; heard as far as its last word ends unless `position` says otherwise."""
    return PartialResult(**_fields(text, position, **fields))


def final(text: str, position: int | None = None, **fields: Any) -> FinalResult:
    """A final result."""
    return FinalResult(**_fields(text, position, **fields))


def silence(position: int, *, take: int = 1, utterance: int = 1) -> Silence:
    """The recogniser has nothing new to say of the utterance, up to there."""
    return Silence(session="talk", captured_at=1, take=take, utterance=utterance, position=position)


def silent(since: Result, until: int, *, pause: float = 2.0) -> list[Silence]:
    """What a recogniser says that is silent behind a result of an open utterance before it goes on at `until`."""
    first = since.position + round(pause * 1000) - 500
    return [silence(at, take=since.take, utterance=since.utterance) for at in range(first, until, 500)]


def with_silences(results: Sequence[Result], rest: int) -> list[Result | Silence]:
    """The results of a talk whose audio goes on for `rest` ms behind them, and the silences between them."""
    said: list[Result | Silence] = []
    for result, following in zip_longest(results, results[1:]):
        said.append(result)
        if isinstance(result, PartialResult):
            said += silent(result, result.position + rest if following is None else following.position)
    return said


def ended(take: int | None = None) -> SessionEnded:
    """The session's end, as the worker of that take says it."""
    return SessionEnded(session="talk", captured_at=0, take=take)


async def start_harness(store: MemorySessionStore | None = None, **settings: Any) -> OperatorHarness:
    """A started operator: on a new session with these settings, or on the one in `store`."""
    if store is None:
        store = MemorySessionStore()
        await store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=0))
    return await OperatorHarness(StabilityStage(), settings=Settings(**settings), store=store).start()


async def processed(*results: Record, every: float = 0.0, **settings: Any) -> OperatorHarness:
    """A harness whose operator has processed these results."""
    harness = await start_harness(**settings)
    await harness.send(*results, every=every)
    return harness


def segments(harness: OperatorHarness) -> list[Segment]:
    """The segments it emitted."""
    return [record for record in harness.emitted if isinstance(record, Segment)]


def said(harness: OperatorHarness) -> list[str]:
    """The texts of its segments."""
    return [segment.text for segment in segments(harness)]


def corrections(harness: OperatorHarness) -> list[Correction]:
    """The corrections it emitted."""
    return [record for record in harness.emitted if isinstance(record, Correction)]


def spoken(heard: Sequence[Segment]) -> list[str]:
    """The words of segments, without punctuation."""
    return [word.text for segment in heard for word in segment.words if not word.is_punctuation]


async def settle() -> None:
    """Lets what was emitted become durable."""
    await asyncio.sleep(0.01)


def _fields(text: str, position: int | None, **fields: Any) -> dict[str, Any]:
    start = fields.pop("start", 0)
    made = items(text, start, marked=fields.pop("marked", True))
    end = max((item.end for item in made), default=start)
    return {
        "session": "talk",
        "captured_at": 1,
        "take": 1,
        "utterance": 1,
        "start": start,
        "end": end,
        "position": end if position is None else position,
        "items": made,
    } | fields
