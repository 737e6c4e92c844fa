"""Committed words as segments."""

from __future__ import annotations

from collections.abc import Sequence

from processors.stability.numerals import Numerals, numerals
from shared.alignment import spelling
from shared.models import Result, Segment, Word
from shared.text import ends_sentence, join, opens


def segments(items: Sequence[Word], result: Result, language: str, number: int) -> list[Segment]:
    """One segment a sentence, and one for what follows the last; numbered from `number`, timed as `result` is."""
    return [
        _segment(sentence, result, language, number + index)
        for index, sentence in enumerate(_sentences(items, numerals(language)))
    ]


def _segment(sentence: Sequence[Word], result: Result, language: str, number: int) -> Segment:
    words = [item for item in sentence if not item.is_punctuation]
    start = min(word.start for word in words)
    return Segment(
        session=result.session,
        captured_at=result.captured_at,
        hops=result.hops,
        number=number,
        language=language,
        text=join(sentence),
        start=start,
        end=max(start, *(word.end for word in words)),
        words=tuple(sentence),
    )


def _sentences(items: Sequence[Word], numerals: Numerals) -> list[list[Word]]:
    words = [spelling(item.text) for item in items if not item.is_punctuation]
    sentences: list[list[Word]] = [[]]
    ended = spoken = False
    said = 0
    for item in items:
        word = not item.is_punctuation
        if ended and (word or opens(item)):
            sentences.append([])
            ended = spoken = False
        if spoken and not word and ends_sentence(item.text):
            ended = ended or not (item.text == "." and numerals.keeps_stop(words, said - 1))
        spoken = spoken or word
        said += word
        sentences[-1].append(item)
    if len(sentences) > 1 and not spoken:
        marks = sentences.pop()
        sentences[-1] += marks
    return sentences
