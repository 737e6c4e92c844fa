"""Results of a long talk, 20 words each on average: what stability reads all day."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle, islice

from processors.transcribe.engines.script import Script
from shared.models import FinalResult, PartialResult, Result, Word

#: Ms that a word takes, and words an utterance has: partial results of it have from 1 to 40, and 20 on average.
_WORD, _UTTERANCE = 350, 40
#: Ms between two utterances.
_PAUSE = 1500
_SAID = (
    "the council has talked about this bridge for years and every family here knows what it means when the river "
    "rises so we asked engineers to look at each pillar again they found cracks that nobody had seen before"
)


def talk(session: str, minutes: float) -> list[Result]:
    """The results of so many minutes, five partial results a second of speech, as Amazon Transcribe marks them."""
    return records(script(minutes), session)


def script(minutes: float, partial_every: int = 200) -> Script:
    """The same as a recogniser says it, with a partial result every so many ms of speech."""
    return Script.from_words(list(_spoken(round(minutes * 60_000))), partial_every=partial_every)


def records(of: Script, session: str) -> list[Result]:
    """What transcribe publishes where its recogniser plays the script."""
    return [
        (FinalResult if result.final else PartialResult)(
            session=session,
            captured_at=result.position,
            hops={"ingest": result.position + 20, "transcribe": result.position + 30},
            take=1,
            utterance=result.utterance,
            start=result.start,
            end=result.end,
            position=result.position,
            items=result.items,
        )
        for result in of.results
    ]


def mean_items(results: list[Result]) -> float:
    """How many items a result has on average."""
    return sum(len(result.items) for result in results) / len(results)


def _spoken(length: int) -> Iterator[Word]:
    """Words up to `length` ms: a comma behind every eighth, a full stop behind every sixteenth and the last."""
    words = cycle(_SAID.split())
    at = 0
    while at < length:
        for number, text in zip(count(1), islice(words, _UTTERANCE)):
            yield Word(text, at, at + _WORD, confidence=_confidence(number))
            at += _WORD
            if number == _UTTERANCE or number % 16 == 0:
                yield Word(".", at, at)
            elif number % 8 == 0:
                yield Word(",", at, at)
        at += _PAUSE


def _confidence(number: int) -> float:
    """Four digits, as Amazon Transcribe gives every item's."""
    return round(1 - number * 0.618034 % 1 / 4, 4)
