"""Text in lines of so many columns, in whatever script."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from unicodedata import combining, east_asian_width

import regex
from wcwidth import wcswidth

#: What a reader takes for one letter: a grapheme cluster (UAX #29).
_LETTER = regex.compile(r"\X")
#: Letters of scripts that put no space between words, and their marks: a line may end behind each.
_UNSPACED = regex.compile(
    r"[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u3000-\u303f\uff01-\uff60]"
)
#: What begins no line (kinsoku): closing marks, small kana, and what lengthens, repeats or sounds behind a letter.
_BEGINS_NONE = regex.compile(
    r"[\p{Pe}\p{Pf}\p{Sentence_Terminal}\p{Terminal_Punctuation}…‥・ーゝゞヽヾ々〻ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ%％‰°ฯๆะาๅ]"
)
#: What ends no line: opening marks, signs of currencies, and vowels that are written before their consonant.
_ENDS_NONE = regex.compile(r"[\p{Ps}\p{Pi}¿¡$€£¥￥＄เแโใไເແໂໃໄ](?:\p{M})*\Z")


def columns(text: str) -> int:
    """How many columns a terminal or a player gives the text at the most."""
    return sum(map(_width, _LETTER.findall(text)))


def wrapped(text: str, most: int) -> list[str]:
    """The text in lines of at most `most` columns, its white space folded.

    A line ends at a space, or behind a letter of a script without spaces; no closing mark begins one and no opening
    mark ends one. A word that is longer than a line is cut between letters.
    """
    lines: list[str] = []
    line, width = "", 0
    for piece, spaced in _pieces(text):
        size = columns(piece)
        if line and width + spaced + size <= most:
            line, width = line + " " * spaced + piece, width + spaced + size
            continue
        if line:
            lines.append(line)
        *whole, line = _cut(piece, most)
        lines += whole
        width = columns(line)
    return [*lines, line] if line else lines


@lru_cache(maxsize=1 << 12)
def _width(letter: str) -> int:
    # Where a font has no picture for joined emoji, or draws a sign beside its letter, each character has its own place.
    apart = sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in letter)
    return max(wcswidth(letter), apart)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """What stays on one line, and whether a space stands before it."""
    for word in text.split():
        held, spaced = "", True
        before = ""
        for letter in _LETTER.findall(word):
            if before and _breaks(before, letter):
                yield held, spaced
                held, spaced = "", False
            held, before = held + letter, letter
        yield held, spaced


def _breaks(before: str, letter: str) -> bool:
    """Whether a line may end between two letters of one word."""
    if _BEGINS_NONE.match(letter) or _ENDS_NONE.match(before):
        return False
    return _UNSPACED.match(before) is not None or _UNSPACED.match(letter) is not None


def _cut(piece: str, most: int) -> list[str]:
    """The piece in parts of at most `most` columns."""
    parts, width = [""], 0
    for letter in _LETTER.findall(piece):
        size = columns(letter)
        if parts[-1] and width + size > most:
            parts.append("")
            width = 0
        parts[-1] += letter
        width += size
    return parts
