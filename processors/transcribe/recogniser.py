"""The interface of a speech recogniser engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from processors.engines.engine import Engine
from shared.models import Word
from shared.sessions import Session


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a recogniser believes of one utterance; every time is ms since the take's first sample.

    `utterance` counts from 1 within the take and only rises; `position` is how much audio had been fed; `final`
    says that nothing more comes of this utterance. `language` (ISO 639-1) is set where the engine identified it.
    """

    utterance: int
    start: int
    end: int
    position: int
    items: tuple[Word, ...]
    final: bool
    language: str | None = None


class Recogniser(Protocol):
    """One take: consecutive audio in, hypotheses out.

    Iteration that ends before `finish` was called, or that raises EngineUnavailable, means that it has dropped.

    One that can tell has a property `decoded`: ms since the take's first sample that it has decoded, with nothing
    held back of what it heard there. See `decoded`.
    """

    async def feed(self, pcm: bytes) -> None:
        """Takes the next audio: mono PCM s16le at the engine's rate. Waits where the engine is behind."""

    async def finish(self) -> None:
        """Says that no more audio comes; the remaining hypotheses follow and then iteration ends."""

    def __aiter__(self) -> AsyncIterator[Hypothesis]:
        """The hypotheses as they come; an utterance's final comes last of it."""

    async def close(self) -> None:
        """Aborts the take at once."""


class RecogniserEngine(Engine, Protocol):
    """Opens takes, and closing it closes them.

    One whose hypotheses may come with a position that is far ahead of what they know has an attribute `lookahead`:
    the s of audio behind an utterance's end that a hypothesis of it needs. See `lookahead`.
    """

    #: Samples a second that it is fed with.
    rate: int
    #: Seconds of audio a second that it may be fed with while it catches up; None for as fast as it takes it.
    feed_rate: float | None

    def languages(self) -> frozenset[str]:
        """The ISO 639-1 codes it recognises."""

    async def open(self, session: Session, start: int) -> Recogniser:
        """A new take from audio time `start` (ms) on.

        Raises EngineUnavailable for now, UnsupportedLanguage for ever.
        """


def decoded(recogniser: Recogniser) -> int | None:
    """The ms that a take has decoded; None where it cannot tell."""
    known: int | None = getattr(recogniser, "decoded", None)
    return known


def lookahead(engine: RecogniserEngine) -> float | None:
    """The s of audio that an engine's hypotheses need behind an utterance's end; None where it states none."""
    stated: float | None = getattr(engine, "lookahead", None)
    return stated
