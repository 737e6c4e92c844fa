"""A session whose results the test writes down, and the bench that hears them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from processors.stability.stage import StabilityStage
from shared.models import Correction, FinalResult, PartialResult, Result, Segment, SessionEnded, Word
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from tests.support.operators import OperatorBench

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


def ended() -> SessionEnded:
    """The session's end."""
    return SessionEnded(session="talk", captured_at=0)


async def bench(store: MemorySessionStore | None = None, **settings: Any) -> OperatorBench:
    """A started operator: on a new session with these settings, or on the one in `store`."""
    if store is None:
        store = MemorySessionStore()
        await store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=0))
    return await OperatorBench(StabilityStage(), settings=Settings(**settings), store=store).start()


async def hear(*results: Result | SessionEnded, every: float = 0.0, **settings: Any) -> OperatorBench:
    """A bench that has heard these results."""
    talk = await bench(**settings)
    await talk.send(*results, every=every)
    return talk


def segments(talk: OperatorBench) -> list[Segment]:
    """The segments it emitted."""
    return [record for record in talk.emitted if isinstance(record, Segment)]


def said(talk: OperatorBench) -> list[str]:
    """The texts of its segments."""
    return [segment.text for segment in segments(talk)]


def corrections(talk: OperatorBench) -> list[Correction]:
    """The corrections it emitted."""
    return [record for record in talk.emitted if isinstance(record, Correction)]


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
