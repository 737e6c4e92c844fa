"""Words as the JSON objects of a record's header, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any

from shared.models import Word
from shared.ranges import LATEST, LONGEST_NAME, MAX, MAX_WORDS

_NAMES = tuple([column.name for column in fields(Word)])
_columns = itemgetter(*_NAMES)
_NUMBER = (float, int)
_RANGES = f"0-{LATEST} ms and a confidence of 0-1"
#: What a word is while it is read, and not yet frozen: its fields are set in a quarter of the time that Word() takes.
_Draft: Any = type("_Draft", (), {"__slots__": _NAMES})


def read_words(value: Any) -> tuple[Word, ...]:
    """The words of a list of objects; raises ValueError where they are none, or are outside their ranges."""
    if type(value) is not list:
        raise ValueError(f"expected list, got {type(value).__name__}")
    _few(value)
    words = []
    for each in value:
        try:
            text, start, end, stable, confidence, speaker, spaced = _columns(each)
        except (KeyError, TypeError, IndexError):
            text, start, end, stable, confidence, speaker, spaced = _sparse(each)
        if not (
            type(text) is str
            and type(start) is int
            and type(end) is int
            and (0 <= start <= end <= LATEST or (0 <= start <= LATEST and 0 <= end <= LATEST))
            and (stable is None or type(stable) is bool)
            and (confidence is None or (type(confidence) in _NUMBER and 0 <= confidence <= 1))
            and (speaker is None or type(speaker) is str)
            and (spaced is None or type(spaced) is bool)
        ):
            raise ValueError(f"expected a word with text, start and end ({_RANGES}), got {each!r:.200}")
        word = _Draft()
        word.text, word.start, word.end, word.stable = text, start, end, stable
        word.confidence, word.speaker, word.spaced = confidence, speaker, spaced
        word.__class__ = Word
        words.append(word)
    return tuple(words)


def write_words(words: Sequence[Word]) -> list[dict[str, Any]]:
    """Words as objects: left to itself, orjson takes three times as long.

    Raises ValueError where they are outside their ranges, TypeError where they are no words.
    """
    try:
        _few(words)
        for word in words:
            start, end, confidence = word.start, word.end, word.confidence
            # One comparison less for those that end behind their start, as nearly all do; no NaN is within a range.
            if not (
                (0 <= start <= end <= LATEST or (0 <= start <= LATEST and 0 <= end <= LATEST))
                and (confidence is None or 0 <= confidence <= 1)
            ):
                raise ValueError(
                    f"expected a word within {_RANGES}, got {shown(start)}-{shown(end)} ms and {confidence}"
                )
        return [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "stable": word.stable,
                "confidence": word.confidence,
                "speaker": word.speaker,
                "spaced": word.spaced,
            }
            for word in words
        ]
    except AttributeError as error:
        raise TypeError(f"expected words: {error}") from None


def check_lengths(words: Sequence[Word]) -> None:
    """Raises ValueError where a word's text or its speaker is too long."""
    for word in words:
        if (length := max(len(word.text), len(word.speaker or ""))) > LONGEST_NAME:
            raise ValueError(f"expected a word and a speaker of at most {LONGEST_NAME} characters, got {length}")


def shown(value: Any) -> str:
    """A value in an error, which shall not be as long as the value."""
    if type(value) is int and value.bit_length() > MAX.bit_length():
        return f"{'-' if value < 0 else ''}2^{value.bit_length() - 1} or more"
    return f"{value!r:.200}"


def _sparse(value: Any) -> Any:
    """The fields of a word whose writer left out what is not known."""
    if type(value) is not dict:
        raise ValueError(f"expected a word to be an object, got {type(value).__name__}")
    return map(value.get, _NAMES)


def _few(words: Sequence[Any]) -> None:
    if len(words) > MAX_WORDS:
        raise ValueError(f"expected at most {MAX_WORDS} words, got {len(words)}")
