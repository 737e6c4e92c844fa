"""Word times for an engine that gives none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from shared.models import Word
from shared.text import normalise, tokenise


def spread_words(text: str, start: int, end: int, previous: Sequence[Word] = ()) -> tuple[Word, ...]:
    """The words of `text` over `start` to `end` (ms), each as long as its share of the letters.

    Punctuation marks are items of no width at the end of the word before them. The words that `previous`, the
    line's hypothesis before, begins with as well keep the times they have there, all but its last one, which may
    have been cut short; only the rest is spread over what follows them.
    """
    items = tokenise(text)
    spoken = [item.text for item in items if _letters(item.text)]
    kept = _kept(spoken, [word for word in previous if not word.is_punctuation], end)
    at = max([start, *(word.end for word in kept)])
    end = max(end, at)
    letters, total = 0, sum(map(len, spoken[len(kept) :]))
    times = [(word.start, word.end) for word in kept]
    for spelled in spoken[len(kept) :]:
        first = at + (end - at) * letters // total
        letters += len(spelled)
        times.append((first, at + (end - at) * letters // total))
    words: list[Word] = []
    upcoming = iter(times)
    for item in items:
        edge = words[-1].end if words else start
        first, last = next(upcoming) if _letters(item.text) else (edge, edge)
        words.append(Word(item.text, first, last, spaced=item.spaced))
    return tuple(words)


def _letters(item: str) -> bool:
    return any(map(str.isalnum, item))


def _kept(spoken: Sequence[str], previous: Sequence[Word], end: int) -> list[Word]:
    """The previous words that stand unchanged at the line's beginning and end before it does."""
    pairs = zip(spoken[:-1], previous[:-1], strict=False)
    same = takewhile(lambda pair: normalise(pair[0]) == normalise(pair[1].text) and pair[1].end <= end, pairs)
    return [word for _, word in same]
