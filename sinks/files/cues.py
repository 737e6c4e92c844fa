"""Captions as cues: lines that fit a screen, at times that never overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sinks.files.lines import columns, wrapped

#: Columns a line and lines a cue, as broadcasters have it.
LINE = 42
LINES = 2
#: Ms that a cue stays at the least.
SHORTEST = 700


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines of text from `start` to `end` (audio time, ms), said by `speaker` where speakers are told apart."""

    start: int
    end: int
    lines: tuple[str, ...]
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """The text of captions that were spoken from `start` to `end` (audio time, ms)."""

    text: str
    start: int
    end: int
    speaker: str | None = None


def cues(spoken: Spoken, not_before: int) -> Iterator[Cue]:
    """The cues of one caption: a long one becomes several, each as long as its share of the columns.

    None starts before `not_before` (ms), nor before the one ahead of it ends.
    """
    lines = wrapped(spoken.text, LINE)
    pages = [tuple(lines[first : first + LINES]) for first in range(0, len(lines), LINES)]
    shares = [max(1, sum(map(columns, page))) for page in pages]
    at = max(spoken.start, not_before)
    span = max(spoken.end - at, SHORTEST * len(pages))
    done = 0
    for page, share in zip(pages, shares, strict=True):
        first = at + span * done // sum(shares)
        done += share
        yield Cue(first, at + span * done // sum(shares), page, spoken.speaker)


def laid_out(captions: Iterable[Spoken]) -> Iterator[Cue]:
    """The cues of captions, one behind the other."""
    end = 0
    for spoken in captions:
        for cue in cues(spoken, end):
            end = cue.end
            yield cue
