"""A caption line as it was shown: what of it was taken back, and how soon words stood in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from processors.transcribe.engines.script import Script
from shared.alignment import spelling
from shared.models import Word
from shared.text import join, tokens
from sinks import Caption, CaptionEvent, Corrected, Tail
from sinks.captions.stable_prefix import common_prefix


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """What the line shows from `at` on (audio time, ms): committed tokens, and those of the tail behind them."""

    at: float
    committed: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """All of it."""
        return self.committed + self.tail


def subscribed(events: Iterable[tuple[float, CaptionEvent]]) -> Iterator[CaptionLine]:
    """The line of one who shows captions and the steady tail; what comes at once is shown at once."""
    captions: dict[int, str] = {}
    tail = ""
    for at, together in groupby(events, key=lambda timed: timed[0]):
        for _, event in together:
            match event:
                case Caption():
                    captions[event.number] = event.text
                case Tail():
                    tail = event.text
                case Corrected():
                    captions |= dict.fromkeys(range(event.first, event.last + 1), "") | {event.first: event.text}
        yield CaptionLine(at, tuple(tokens(" ".join(captions.values()))), tuple(tokens(tail)))


def raw(script: Script) -> Iterator[CaptionLine]:
    """The line of one who shows every result as it comes, finals for good."""
    committed: tuple[str, ...] = ()
    for result in script.results:
        heard = tuple(tokens(join(result.items)))
        if result.final:
            committed += heard
        yield CaptionLine(result.position, committed, () if result.final else heard)


def erased(lines: Iterable[CaptionLine]) -> tuple[int, int]:
    """How many tokens were taken back: of the committed part, and of the tail.

    Those of the old line that lie behind the longest common prefix of old and new.
    """
    committed = tail = 0
    for old, new in pairwise([CaptionLine(0), *lines]):
        kept = common_prefix(old.tokens, new.tokens)
        committed += max(0, len(old.committed) - kept)
        tail += len(old.tokens) - max(kept, len(old.committed))
    return committed, tail


def delays(lines: Iterable[CaptionLine], words: Sequence[Word]) -> Iterator[float]:
    """For each of the words, which are those that are committed in the end: ms from its end until it was shown."""
    shown = 0
    for line in lines:
        count = sum(1 for token in line.tokens if spelling(token))
        for word in words[shown:count]:
            yield line.at - word.end
        shown = max(shown, count)
