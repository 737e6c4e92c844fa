"""Cuts a text that is too long for an engine where it hurts least."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

#: What a text falls into, each with the blanks behind it: sentences, words, letters with their accents, characters.
_PARTS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r""".+?(?:[.?!…]+["'”’»)\]]*\s+|[。！？]+["'”’」』）]*\s*|\n\s*|\Z)""",
        r"\s*\S+\s*|\s+",
        r".[\u0300-\u036f\u200c\u200d\ufe00-\ufe0f]*",
        r".",
    )
)


def split_text(text: str, most: int, size: Callable[[str], int] = len) -> list[str]:
    """The text in pieces of at most `most` by `size`, as few as whole sentences allow; joined they are the text.

    A sentence that is longer itself is cut between words, and a word between letters. `size` of two texts together
    has to be that of both added up, and that of one character at most `most`.
    """
    return list(_packed(text, most, size, _PARTS))


def _packed(text: str, most: int, size: Callable[[str], int], parts: Sequence[re.Pattern[str]]) -> Iterator[str]:
    held, filled = "", 0
    for part in parts[0].findall(text):
        length = size(part)
        if filled + length > most and held:
            yield held
            held, filled = "", 0
        if length > most:
            # The rest of a long sentence may share its piece with the next one.
            *whole, part = _packed(part, most, size, parts[1:])
            yield from whole
            length = size(part)
        held, filled = held + part, filled + length
    if held:
        yield held
