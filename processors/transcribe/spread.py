"""Word times for an engine that gives none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from shared.models import Word
from shared.text import normalise, tokens


def spread(text: str, start: int, end: int, previous: Sequence[Word] = ()) -> tuple[Word, ...]:
    """The words of `text` over `start` to `end` (ms), each as long as its share of the letters.

    Punctuation marks are items of no width at the end of the word before them. The words that `previous`, the
    line's hypothesis before, begins with as well keep the times they have there, all but its last one, which may
    have been cut short; only the rest is spread over what follows them.
    """
    texts = tokens(text)
    spoken = [item for item in texts if _letters(item)]
    kept = _kept(spoken, [word for word in previous if not word.is_punctuation], end)
    at = max([start, *(word.end for word in kept)])
    end = max(end, at)
    letters, total = 0, sum(map(len, spoken[len(kept) :]))
    times = [(word.start, word.end) for word in kept]
    for item in spoken[len(kept) :]:
        first = at + (end - at) * letters // total
        letters += len(item)
        times.append((first, at + (end - at) * letters // total))
    words: list[Word] = []
    upcoming = iter(times)
    for item in texts:
        if _letters(item):
            words.append(Word(item, *next(upcoming)))
        else:
            edge = words[-1].end if words else start
            words.append(Word(item, edge, edge))
    return tuple(words)


def _letters(item: str) -> bool:
    return any(map(str.isalnum, item))


def _kept(spoken: Sequence[str], previous: Sequence[Word], end: int) -> list[Word]:
    """The previous words that stand unchanged at the line's beginning and end before it does."""
    pairs = zip(spoken[:-1], previous[:-1], strict=False)
    same = takewhile(lambda pair: normalise(pair[0]) == normalise(pair[1].text) and pair[1].end <= end, pairs)
    return [word for _, word in same]
