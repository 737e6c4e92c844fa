"""Hypothesis strategies of the suite: talks of random words, where processes are killed, and what is misheard."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from hypothesis import strategies as st

from processors.transcribe.engines.script import Script
from shared.models import Word
from tests.conformance.kill_injection import Kill
from tests.conformance.simulated_cluster import Talk, shifted

#: Pauses between words (ms): none, a breath, the end of a clause, of an utterance, and one that makes others wait.
_PAUSES = (0, 0, 30, 120, 500, 900, 2500)
_TOKEN = re.compile(r"w\d+")


@st.composite
def talks(draw: st.DrawFn, name: str, *, distinct: bool, shortest: int = 80, most: int = 24) -> Talk:
    """A talk of random words: each its own (w0, w1, ...), or from a vocabulary so small that it repeats itself."""
    words: list[Word] = []
    at = 300
    for number in range(draw(st.integers(0, most))):
        text = f"w{number}" if distinct else draw(st.sampled_from("abcde"))
        length = draw(st.sampled_from([length for length in (80, 200, 250, 350, 600) if length >= shortest]))
        words.append(Word(text, at, at + length))
        if draw(st.integers(0, 6)) == 0:
            words.append(Word(draw(st.sampled_from(".,")), at + length, at + length))
        at += length + draw(st.sampled_from(_PAUSES))
    return Talk(name, tuple(words), begins=draw(st.integers(0, 3000)) / 1000)


def kills(most: int = 4) -> st.SearchStrategy[list[Kill]]:
    """Where one process is killed, several times over."""
    return st.lists(st.builds(Kill, st.integers(1, 60), st.booleans()), max_size=most)


def different_each_time(by: int) -> Callable[[int, Script], Script]:
    """Every second opening hears the words `by` ms later, and some neighbours as one word."""
    openings = count()

    def output(_: int, script: Script) -> Script:
        opening = next(openings)
        if opening % 2 == 0:
            return script
        return Script(
            tuple(
                replace(
                    result,
                    start=max(0, result.start + by),
                    end=max(0, result.end + by),
                    items=shifted(_merged(result.items, opening), by),
                )
                for result in script.results
            )
        )

    return output


def parts(text: str) -> list[str]:
    """The distinct words that one, perhaps merged, word is made of."""
    return _TOKEN.findall(text)


def _merged(items: tuple[Word, ...], opening: int) -> tuple[Word, ...]:
    merged: list[Word] = []
    for word in items:
        before = merged[-1] if merged else None
        if (
            before is not None
            and not word.is_punctuation
            and len(parts(before.text)) == 1
            and int(before.text[1:]) % 3 == opening % 3
            and word.start - before.end < 150
        ):
            merged[-1] = replace(before, text=before.text + word.text, end=word.end, stable=word.stable)
        else:
            merged.append(word)
    return tuple(merged)
