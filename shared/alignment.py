"""Which words of a hypothesis are committed already: by their spelling first, by their times where that is open.

Hypotheses are sequences of items, words and punctuation; punctuation is never compared, and what follows a
committed word directly counts as committed with it, unless it opens something. All times are audio time in ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from shared.edit_distance import Digits, distances, no_digits, reach
from shared.models import MASK, Word
from shared.text import normalise, opens

#: How far from the frontier (ms) the last committed words are sought in another take, and in another writing; and among
#: how many words: more are not said in that time, and every one of them is compared with every other.
NEAR = 1000
NEAREST = 32
#: Words whose drift since they were committed says how far the frontier has drifted.
_DRIFTED = 4


@lru_cache(maxsize=1 << 16)
def spelling(text: str) -> str:
    """What a word compares by: its normalised text without spaces, or the mask; empty for punctuation."""
    if text == MASK:
        return MASK
    return normalise(text).replace(" ", "") if any(map(str.isalnum, text)) else ""


def spellings(words: Sequence[Word]) -> list[str]:
    """How each of the words is spelled."""
    return [spelling(word.text) for word in words]


def within(committed: Sequence[Word], hypothesis: Sequence[Word], frontier: int, digits: Digits = no_digits) -> int:
    """How many leading items of the hypothesis are the words committed earlier in its utterance.

    The prefix of the hypothesis with the least edit distance to `committed`; among equals the one that leaves the
    fewest words on the wrong side of the frontier by their midpoint, where the frontier is taken to have drifted as
    the last words agreed on did.
    """
    known = _words(committed)
    known_texts = spellings(known)
    agreed = 0
    for place, item in enumerate(hypothesis):
        if text := spelling(item.text):
            if agreed == len(known):
                return behind_word(hypothesis, place) if agreed else 0
            if text != known_texts[agreed]:
                break
            agreed += 1
    else:
        return len(hypothesis) if agreed else 0
    said = _words(hypothesis)
    pairs = list(zip(known, said, strict=False))[max(0, agreed - _DRIFTED) : agreed]
    drift = round(sum(now.start - before.start for before, now in pairs) / len(pairs)) if pairs else 0
    return _cut(hypothesis, agreed + _nearest_prefix(known_texts[agreed:], said[agreed:], frontier + drift, digits))


def across(tail: Sequence[Word], hypothesis: Sequence[Word], frontier: int) -> int:
    """How many leading items of a hypothesis are committed, where another take or another worker committed them.

    The last committed word itself, at its very place, says it. Else the longest run of the last committed words
    (`tail`) that ends in the hypothesis, all within 1 s of the frontier, the nearest in time of equal ones; what was
    committed behind that run is found as within an utterance. What is said twice has disjoint spans, so a run must
    overlap the span it was committed with. Without a run a word counts as committed if its midpoint lies behind the
    frontier.
    """
    known, said = _words(tail), _words(hypothesis)
    if not known:
        return 0
    for end, last in enumerate(said, 1):
        if last.start == known[-1].start and last.end == known[-1].end and same(last, known[-1]):
            return _cut(hypothesis, end)
    runs = list(_runs(known, said, frontier))
    if not runs:
        return _cut(hypothesis, _behind(said, frontier))
    _, _, known_end, end = max(runs)
    drift = said[end - 1].end - known[known_end - 1].end
    behind = _nearest_prefix(spellings(known[known_end:]), said[end:], frontier + drift)
    return _cut(hypothesis, end + behind)


def behind_word(items: Sequence[Word], place: int) -> int:
    """Where the marks end that belong to the word before `place`: those that open something belong to the next."""
    while place > 1 and items[place - 1].is_punctuation and opens(items[place - 1]):
        place -= 1
    return place


def same(one: Word, other: Word) -> bool:
    """Whether both are the same word said once: one spelling, overlapping spans."""
    return spelling(one.text) == spelling(other.text) and _overlap(one, one, other, other)


def difference(one: Sequence[Word], other: Sequence[Word], digits: Digits = no_digits) -> float:
    """The word-level Levenshtein distance over the length of the longer: 0 for the same words, 1 for no word shared.

    A word written as two, or two as one, is the same, and so is a number in words and in digits.
    """
    texts, others = spellings(_words(one)), spellings(_words(other))
    if texts == others:
        return 0.0
    longer = max(len(texts), len(others))
    return min(distances(texts, others, digits)[-1], longer) / longer


def _words(items: Sequence[Word]) -> list[Word]:
    return [item for item in items if spelling(item.text)]


def _cut(items: Sequence[Word], words: int) -> int:
    """How many leading items hold so many words and the punctuation behind them."""
    if not words:
        return 0
    for place, item in enumerate(items):
        if spelling(item.text):
            if not words:
                return behind_word(items, place)
            words -= 1
    return len(items)


def _behind(said: Sequence[Word], frontier: int) -> int:
    return next((i for i, word in enumerate(said) if word.midpoint >= frontier), len(said))


def _overlap(first: Word, last: Word, other_first: Word, other_last: Word) -> bool:
    return first.start < other_last.end and other_first.start < last.end


def _nearest_prefix(known: list[str], said: Sequence[Word], frontier: int, digits: Digits = no_digits) -> int:
    # A longer prefix costs more insertions than the empty one costs deletions.
    costs = distances(known, spellings(said[: reach(known, digits)]), digits)
    wrong = sum(word.midpoint < frontier for word in said)
    best = (costs[0], wrong, 0)
    for end in range(1, len(costs)):
        wrong += -1 if said[end - 1].midpoint < frontier else 1
        best = min(best, (costs[end], wrong, -end))
    return -best[2]


def _runs(known: list[Word], said: list[Word], frontier: int) -> Iterator[tuple[int, int, int, int]]:
    """Where both have words in common: how many, how near in time (ms, negative), and where they end in each."""
    known_texts, texts = spellings(known), spellings(said)
    near, known_near = _near(said, frontier), _near(known, frontier)
    for known_end in known_near:
        known_last = known[known_end - 1]
        for end in near:
            length, spoken = _run(known_texts[:known_end], texts[:end])
            if length and _overlap(known[known_end - length], known_last, said[end - spoken], said[end - 1]):
                yield length, -abs(said[end - 1].end - known_last.end), known_end, end


def _near(words: list[Word], frontier: int) -> list[int]:
    """Behind which words, as counts, a run may end that lies near the frontier."""
    near = [end for end, word in enumerate(words, 1) if abs(word.end - frontier) <= NEAR]
    return near if len(near) <= NEAREST else sorted(near, key=lambda end: abs(words[end - 1].end - frontier))[:NEAREST]


def _run(known: list[str], texts: list[str]) -> tuple[int, int]:
    """How many words both end in alike, counted in each; a word may be written as two in either."""
    length = spoken = 0
    i, j = len(known), len(texts)
    one = other = ""
    while True:
        if one == other:
            length, spoken = len(known) - i, len(texts) - j
            one = other = ""
        if len(one) <= len(other):
            if not i:
                break
            i -= 1
            one = known[i] + one
        else:
            if not j:
                break
            j -= 1
            other = texts[j] + other
        if not (one.endswith(other) or other.endswith(one)):
            break
    return length, spoken
