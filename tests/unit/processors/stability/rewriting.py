"""Utterances of which the recogniser rewrites what it said: numbers into digits, words in other words, two into one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from shared.models import FinalResult, PartialResult, Result, Word
from shared.text import normalise

#: What is said -> how it may be written, each a run of tokens.
NUMBERS = {
    "twenty five thousand dollars": ["$25,000"],
    "two dollars fifty": ["$2.50"],
    "three thirty p m": ["3:30 p.m."],
    "two point five percent": ["2.5%"],
    "one hundred and twelve": ["112"],
    "nineteen eighty four": ["1984"],
    "six million": ["6,000,000", "6 million"],
    "forty two": ["42"],
    "seven": ["7"],
    "five five five one two one two": ["5551212", "555 1212"],
    "a b c": ["ABC", "A.B.C."],
    "minus ten degrees": ["-10 degrees", "-10°"],
    "the twenty first of may": ["the 21st of May"],
    "three quarters": ["3/4"],
    "twenty twenty six": ["2026"],
}
#: What becomes of those that are cut between their groups, for they came late in too much speech.
_PARTED = {"five five five one two one two": ("five five five 1212",)}
_TALK = """
    we sold old car bus ticket then mayor went home river bridge people city winter morning school paper
    answer door open street market garden music letter window kitchen horse field north road stone water
    green house story
"""
_FILLERS = _TALK.split()
_COMPOUNDS = {"every day": "everyday", "no body": "nobody", "some times": "sometimes", "web site": "website"}
_MISHEARD = {"sold": "told", "car": "card", "then": "than", "mayor": "mare", "home": "Rome", "river": "liver"}


@dataclass(frozen=True)
class Piece:
    """Something that is said once: how it sounds, and every way in which it may be written."""

    spoken: str
    written: tuple[str, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """All of them."""
        return (self.spoken, *self.written, *_PARTED.get(self.spoken, ()))


def pieces(chance: random.Random) -> list[Piece]:
    """What one utterance says."""
    said = []
    for _ in range(chance.randint(3, 14)):
        kind = chance.random()
        if kind < 0.25:
            number = chance.choice(list(NUMBERS))
            said.append(Piece(number, tuple(NUMBERS[number])))
        elif kind < 0.35:
            parted = chance.choice(list(_COMPOUNDS))
            said.append(Piece(parted, (_COMPOUNDS[parted],)))
        else:
            word = chance.choice(_FILLERS)
            said.append(Piece(word, (_MISHEARD[word],) if word in _MISHEARD else ()))
    return said


def results(said: Sequence[Piece], chance: random.Random, number: int, start: int) -> list[Result]:
    """The utterance as a recogniser tells it: partial results that grow, and a final that writes it its own way."""
    words = list(_words([piece.spoken for piece in said], chance, start))
    step = chance.choice((200, 300, 500))
    unstable = chance.randint(1, 4)
    rewrites = chance.random() < 0.5
    told: list[Result] = []
    fields: dict[str, Any] = {"session": "talk", "captured_at": 1, "take": 1, "utterance": number, "start": start}
    end = words[-1][1].end
    for position in range(start + step, end + step, step):
        heard = [(index, word) for index, word in words if word.start < position]
        shown = _shown(said, heard, position, chance) if rewrites else [word for _, word in heard]
        marked = [replace(word, stable=at < len(shown) - unstable) for at, word in enumerate(shown)]
        told.append(PartialResult(**fields, end=position, position=position, items=tuple(marked)))
    spans = [
        (min(word.start for at, word in words if at == index), max(word.end for at, word in words if at == index))
        for index in range(len(said))
    ]
    last: list[Word] = []
    for piece, (first, until) in zip(said, spans, strict=True):
        last += _written(chance.choice(piece.written or (piece.spoken,)), first, until, chance)
    last[0] = replace(last[0], text=last[0].text.capitalize())
    last.append(Word(".", last[-1].end, last[-1].end))
    settled = tuple(replace(word, stable=True) for word in last)
    told.append(FinalResult(**fields, end=end, position=end + chance.randint(0, 900), items=settled))
    return told


def unread(said: Sequence[Piece], text: str) -> str | None:
    """None where `text` says each piece once, in whatever form; else what of it is not read so."""
    rest = {tuple(normalise(text).split())}
    for piece in said:
        forms = [tuple(normalise(form).split()) for form in piece.forms]
        behind = {left[len(form) :] for left in rest for form in forms if left[: len(form)] == form}
        if not behind:
            return f"{piece.spoken!r} at {min(rest, key=len)}"
        rest = behind
    return None if () in rest else f"beyond the end: {min(rest, key=len)}"


def _words(texts: Sequence[str], chance: random.Random, start: int) -> Iterator[tuple[int, Word]]:
    for index, text in enumerate(texts):
        for word in text.split():
            start += chance.choice((0, 0, 0, 0, 60, 450, 700))
            yield index, Word(word, start, start := start + chance.randint(100, 500))


def _shown(
    said: Sequence[Piece], heard: Sequence[tuple[int, Word]], position: int, chance: random.Random
) -> list[Word]:
    """Partial results that write what is complete by their own lights."""
    shown: list[Word] = []
    for index, piece in enumerate(said):
        own = [word for at, word in heard if at == index]
        if not own:
            break
        if len(own) == len(piece.spoken.split()) and piece.written and position - own[-1].end > 400:
            shown += _written(piece.written[0], own[0].start, own[-1].end, chance)
        else:
            shown += own
    return shown


def _written(text: str, start: int, end: int, chance: random.Random) -> list[Word]:
    """The tokens over that span, its edges a little off."""
    start, end = start + chance.randint(-40, 40), end + chance.randint(-40, 40)
    tokens = text.split()
    edges = list(accumulate((max(end - start, 40) / len(tokens) for _ in tokens), initial=float(start)))
    return [Word(token, max(0, round(edges[at])), max(0, round(edges[at + 1]))) for at, token in enumerate(tokens)]
