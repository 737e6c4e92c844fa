"""Speech marks: when a sentence, a word or a mark of SSML is heard, and where it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from emulators.polly.source import Span
from emulators.polly.ssml import Passage
from shared.text import ends_sentence, tokens

#: By Polly's names, in the order in which those of one time come.
_KINDS = ("sentence", "ssml", "word")
#: What ends a sentence that no mark ends.
_BLOCK = re.compile(rb"</?[ps][\s/>]")


@dataclass(frozen=True, slots=True)
class SpeechMark:
    """A mark before the character `index` of its passage, after `pause` ms of the silence that comes first."""

    kind: str
    span: Span
    value: str
    index: int
    pause: int

    def time(self, passage: Passage, begin: float, end: float) -> int:
        """Ms; its passage, with its pause, lasts from `begin` to `end`."""
        letters = [character.isalnum() for character in passage.text]
        share = sum(letters[: self.index]) / max(1, sum(letters))
        return int(begin + self.pause + share * (end - begin - passage.pause))

    def line(self, time: int) -> bytes:
        """As Polly writes it."""
        start, end = self.span
        mark = {"time": time, "type": self.kind, "start": start, "end": end, "value": self.value}
        return json.dumps(mark, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def speech_marks(text: str, passages: Sequence[Passage], kinds: Collection[str]) -> list[list[SpeechMark]]:
    """Those of each passage of `text`, of those kinds (sentence, ssml, word), in the order of their times.

    A word is what white space or punctuation parts, and what stands for an alias is one word.
    """
    document = text.encode("utf-8", "surrogatepass")
    marks: list[list[SpeechMark]] = [
        [SpeechMark("ssml", mark.span, mark.name, mark.index, mark.pause) for mark in passage.marks]
        for passage in passages
    ]
    pieces = [piece for number, passage in enumerate(passages) for piece in _pieces(number, passage)]
    for kind, found in (("word", _words(pieces)), ("sentence", _sentences(pieces, document))):
        for piece in (piece for piece in found if piece.is_word):
            value = document[slice(*piece.span)].decode("utf-8", "replace")
            pause = passages[piece.passage].pause
            marks[piece.passage].append(SpeechMark(kind, piece.span, value, piece.index, pause))
    for heard in marks:
        heard.sort(key=lambda mark: (mark.pause, mark.index, _KINDS.index(mark.kind)))
    return [[mark for mark in heard if mark.kind in kinds] for heard in marks]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text from the character `index` of a passage on."""

    passage: int
    index: int
    span: Span
    is_word: bool
    ends_sentence: bool


def _pieces(number: int, passage: Passage) -> Iterator[_Piece]:
    """The words and the punctuation of a passage."""
    text, end = passage.text, 0
    for token in tokens(text):
        # What an abbreviation is read as ends before its last full stop.
        is_word = any(character.isalnum() for character in token)
        written = token.rstrip(".") if is_word else token
        index = text.index(written, end)
        end = index + len(written)
        ends = not is_word and ends_sentence(token) and not text[end : end + 1].strip()
        yield _Piece(number, index, (passage.spans[index][0], passage.spans[end - 1][1]), is_word, ends)


def _words(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Each once that the document has: those of an alias are written in one place."""
    last = None
    for piece in pieces:
        if piece.span != last:
            yield piece
        last = piece.span


def _sentences(pieces: Iterable[_Piece], document: bytes) -> Iterator[_Piece]:
    """Each from its first piece to its last; a word where one of its pieces is."""
    sentence: _Piece | None = None
    for piece in pieces:
        if sentence and _BLOCK.search(document, sentence.span[1], piece.span[0]):
            yield sentence
            sentence = None
        if sentence is None:
            sentence = piece
        else:
            span = (sentence.span[0], piece.span[1])
            sentence = replace(sentence, span=span, is_word=sentence.is_word or piece.is_word)
        if piece.ends_sentence:
            yield sentence
            sentence = None
    if sentence:
        yield sentence
