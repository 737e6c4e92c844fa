"""Recogniser results placed in a session's audio time: made from timed words, or recorded in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import Any

import orjson

from processors.transcribe.recogniser import Hypothesis
from shared.errors import ScriptError
from shared.models import Word


@dataclass(frozen=True, slots=True)
class Script:
    """The results of one session, ordered by position. Unlike a take's, their times are the session's audio time.

    Raises ScriptError where positions fall, a span ends before it starts, or an utterance goes on after its final.
    """

    results: tuple[Hypothesis, ...] = ()

    def __post_init__(self) -> None:
        position = 0
        finished: set[int] = set()
        for number, result in enumerate(self.results, 1):
            if result.position < position:
                raise ScriptError(f"result {number}: expected a position from {position} ms on, got {result.position}")
            if result.utterance < 1:
                raise ScriptError(f"result {number}: expected an utterance of 1 or more, got {result.utterance}")
            if result.utterance in finished:
                raise ScriptError(f"result {number}: utterance {result.utterance} has had its final")
            if not 0 <= result.start <= result.end or any(not 0 <= word.start <= word.end for word in result.items):
                raise ScriptError(f"result {number}: expected spans of 0 <= start <= end, got {result}")
            position = result.position
            if result.final:
                finished.add(result.utterance)

    @classmethod
    def load(cls, path: Path) -> Script:
        """The script in a file of one JSON object a line; raises ScriptError."""
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise ScriptError(f"{path}: {error.strerror}") from error
        results: list[Hypothesis] = []
        for number, line in enumerate(lines, 1):
            try:
                results.append(_result(orjson.loads(line)))
            except ValueError as error:
                raise ScriptError(f"{path}, line {number}: {error}") from None
        try:
            return cls(tuple(results))
        except ScriptError as error:
            raise ScriptError(f"{path}: {error}") from None

    def save(self, path: Path) -> None:
        """Writes the file that `load` reads; raises OSError."""
        path.write_bytes(b"".join(orjson.dumps(_object(result)) + b"\n" for result in self.results))

    @classmethod
    def from_words(
        cls,
        words: Sequence[Word],
        *,
        pause: int = 700,
        partial_every: int = 200,
        seen_after: int = 400,
        unstable: int = 2,
        final_after: int = 1136,
    ) -> Script:
        """What a recogniser would say of these words, under an assumed timing model; every time is in ms.

        Words at least `pause` apart belong to two utterances. While an utterance is spoken there is a partial at
        each multiple of `partial_every`; it holds the words that ended `seen_after` ago or earlier, all but the
        last `unstable` of them stable. The final comes `final_after` after the last word.
        """
        utterances: list[list[Word]] = []
        for word in words:
            if not utterances or word.start - utterances[-1][-1].end >= pause:
                utterances.append([])
            utterances[-1].append(word)
        results: list[Hypothesis] = []
        for number, spoken in enumerate(utterances, 1):
            start, end = spoken[0].start, spoken[-1].end
            first = -(-(spoken[0].end + seen_after) // partial_every) * partial_every
            for position in range(first, min(end + seen_after + partial_every, end + final_after), partial_every):
                seen = [word for word in spoken if word.end + seen_after <= position]
                results.append(Hypothesis(number, start, seen[-1].end, position, _marked(seen, unstable), final=False))
            results.append(Hypothesis(number, start, end, end + final_after, _marked(spoken, 0), final=True))
        return cls(tuple(sorted(results, key=lambda result: result.position)))

    def heard_from(self, start: int, end: float = inf) -> Iterator[Hypothesis]:
        """What a take opened at audio time `start` (ms) hears: the results after it, as a recogniser would say them.

        Of each utterance only the items are heard whose midpoint lies at `start` or later, and before `end`, where
        the take is fed no more. Utterances are numbered from 1 and times count from `start`.
        """
        numbers: dict[int, int] = {}
        for result in self.results:
            words = [word for word in result.items if word.midpoint >= start]
            if result.position <= start or not (words or result.utterance in numbers):
                continue
            items = tuple(
                replace(word, start=max(0, word.start - start), end=word.end - start)
                for word in words
                if word.midpoint < end
            )
            yield replace(
                result,
                utterance=numbers.setdefault(result.utterance, len(numbers) + 1),
                start=max(0, result.start - start),
                end=max(0, result.end - start),
                position=result.position - start,
                items=items,
            )


def _marked(words: Sequence[Word], unstable: int) -> tuple[Word, ...]:
    """The words, all stable but the last `unstable` and the punctuation behind the first of those."""
    marked: list[Word] = []
    left = unstable
    for word in reversed(words):
        marked.append(replace(word, stable=left <= 0))
        left -= not word.is_punctuation
    return tuple(reversed(marked))


def _object(result: Hypothesis) -> dict[str, Any]:
    items = [
        {column.name: value for column in fields(word) if (value := getattr(word, column.name)) is not None}
        for word in result.items
    ]
    values = {column.name: value for column in fields(result) if (value := getattr(result, column.name)) is not None}
    return values | {"items": items}


def _result(value: Any) -> Hypothesis:
    values = _checked(
        value,
        {"utterance": int, "start": int, "end": int, "position": int, "items": list, "final": bool},
        {"language": str},
    )
    return Hypothesis(**values | {"items": tuple(map(_word, values["items"]))})


def _word(value: Any) -> Word:
    optional = {"stable": bool, "confidence": float, "speaker": str, "spaced": bool}
    return Word(**_checked(value, {"text": str, "start": int, "end": int}, optional))


def _checked(value: Any, required: dict[str, type], optional: dict[str, type] | None = None) -> dict[str, Any]:
    """The named fields of a JSON object, unknown ones left out; raises ValueError."""
    if type(value) is not dict:
        raise ValueError(f"expected an object, got {type(value).__name__}")
    if missing := _listed(required.keys() - value.keys()):
        raise ValueError(f"expected the fields {_listed(required)}, got none of {missing}")
    known = {name: value[name] for name in (required | (optional or {})) if name in value}
    for name, kind in (required | (optional or {})).items():
        if name in known and type(known[name]) is not kind:
            raise ValueError(f"field {name}: expected {kind.__name__}, got {type(known[name]).__name__}")
    return known


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
