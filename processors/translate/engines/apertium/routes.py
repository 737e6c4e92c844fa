"""Ways from one language to another through direct pairs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

Pair = tuple[str, str]


def routes(pairs: Iterable[Pair], source: str) -> dict[str, tuple[str, ...]]:
    """For each language that `source` leads to, the languages on the way, both ends included.

    The fewest pairs win, for each loses words; among equals the alphabet decides, so that it never changes.
    """
    onward: dict[str, list[str]] = {}
    for start, end in sorted(pairs):
        onward.setdefault(start, []).append(end)
    found: dict[str, tuple[str, ...]] = {source: (source,)}
    waiting = deque([source])
    while waiting:
        here = waiting.popleft()
        for language in onward.get(here, ()):
            if language not in found:
                found[language] = (*found[here], language)
                waiting.append(language)
    del found[source]
    return found
