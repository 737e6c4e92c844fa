"""Words that Translate masks on request."""

from __future__ import annotations

import re
from pathlib import Path

#: What stands in a profane word's place, however long it is.
MASK = "?$#@$"

_WORDS = Path(__file__).with_name("profanity.txt").read_text(encoding="utf-8").split()
_PROFANE = re.compile(rf"\b(?:{'|'.join(map(re.escape, _WORDS))})\b", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with each profane word masked; the words are those of a small list, in several languages."""
    return _PROFANE.sub(lambda _: MASK, text)
