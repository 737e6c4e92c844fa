"""Plain text to Apertium's stream format and back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.text import tokens

_SPECIAL = re.compile(r"[\\\[\]{}^$/<>@]")
_ESCAPED = re.compile(r"\\(.)")
_SPACES = re.compile(r" {2,}")
#: A word and the marks that close it, whatever quotes and brackets stand behind them; and the digit that may follow.
_CLOSED = re.compile(r"(\S*\w)([.,;:!?…]+)(?=[^\w\s]*(?:$|\s+(\d)?))")
# What parts a word from its marks; tools of the pipeline put a blank before it.
_PARTED = re.compile(r" *\[\](?=[.,;:!?…])")
# Tools of the pipeline put blanks around either part of the end.
_END = re.compile(r"\s*\.\s*\[\]\s*$")


def encode(line: str, serial: int) -> str:
    """One line of text as a message: its number, the text escaped, and an end.

    The tagger lets go of a message only after the end of a sentence, and only where a blank follows; so each gets
    a full stop of its own, apart from the text lest an abbreviation takes it (`U.S.A.`). An empty formatting blank
    parts each word from the marks behind it, which the dictionaries take for an abbreviation's (`no.`, `art.`).
    """
    # A tilde on its own is a mark to the post-generator; as a formatting blank it passes.
    parted = "[]".join(_SPECIAL.sub(r"\\\g<0>", piece).replace("~", "[~]") for piece in _pieces(line))
    return f"[{serial}]{parted} .[]"


def decode(message: str, serial: int) -> str:
    """The text of a translated message. ValueError where it is not the whole message of this number."""
    start, end = f"[{serial}]", _END.search(message)
    if not message.startswith(start) or end is None:
        raise ValueError(f"expected message {serial} whole, got {len(message)} characters")
    parted = message[len(start) : end.start()].replace("[~]", "~")
    text = _ESCAPED.sub(r"\1", _PARTED.sub("", parted).replace("[]", ""))
    return _SPACES.sub(" ", text).strip(" ")


def match_case(text: str, model: str) -> str:
    """`text` with its first letter as large or small as that of `model`, and its full stop if that has one.

    Some pairs begin every message with a capital, but a segment need not begin a sentence; capitals in a row are
    an acronym and stay. A translated abbreviation can swallow the stop that ended the sentence.
    """
    if model.endswith(".") and text[-1:].isalnum():
        text += "."
    place = next((place for place, c in enumerate(text) if c.isalpha()), None)
    first = next(filter(str.isalpha, model), "")
    if place is None or text[place + 1 : place + 2].isupper():
        return text
    letter = text[place].lower() if first.islower() else text[place].upper() if first.isupper() else text[place]
    return text[:place] + letter + text[place + 1 :]


def _pieces(line: str) -> Iterator[str]:
    """The line, cut before the marks behind a word; a stop that belongs to an abbreviation stays with it."""
    begin = 0
    for closed in _CLOSED.finditer(line):
        word, marks, digit = closed.groups()
        cut = closed.start(2)
        if marks[0] == "." and (tokens(word + ".")[-1] != "." or (marks == "." and digit and word[-1].isalpha())):
            cut += 1
        if cut < closed.end(2):
            yield line[begin:cut]
            begin = cut
    yield line[begin:]
