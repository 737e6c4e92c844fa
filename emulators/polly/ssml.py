"""SSML, as far as it changes what is spoken, how fast, and in which language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.parsers import expat

from emulators.polly.source import Source, Span
from emulators.polly.tags import check, invalid

_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
#: ms.
_PAUSES = {"none": 0, "x-weak": 0, "weak": 0, "medium": 250, "strong": 500, "x-strong": 1000}
_SENTENCE, _PARAGRAPH, _LONGEST = 250, 500, 10_000
_TIME = re.compile(r"\+?(\d+(?:\.\d+)?)(ms|s)")
_SLOWEST, _FASTEST = 0.2, 2.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark element: before the character `index` of its passage, after `pause` ms of the silence before that."""

    name: str
    span: Span
    index: int
    pause: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Text that is spoken in one go, and where each character is written; `pause` ms of silence come before it."""

    text: str
    spans: tuple[Span, ...]
    tempo: float = 1.0
    language: str | None = None
    pause: int = 0
    marks: tuple[Mark, ...] = ()


def passages(text: str, voice: str, engine: str) -> list[Passage]:
    """What the document says, in order; the pause at its end is a passage without text.

    Raises ServiceError (InvalidSsmlException) where it is no well-formed SSML, or has what the voice does not take with
    this engine. DOCTYPE and entities of one's own are not taken at all.
    """
    document = text.encode("utf-8", "surrogatepass")
    parser = expat.ParserCreate("utf-8")
    reader = _Reader(Source(document, parser), voice, engine)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise invalid(f"Invalid SSML request: {error}") from None
    return list(reader.passages())


class _Reader:
    def __init__(self, source: Source, voice: str, engine: str) -> None:
        self._source = source
        self._speaker = voice, engine
        self._manner = [Passage("", ())]
        self._made: list[Passage] = []
        self._pause = 0
        #: Those that came since the last text, where a pause has begun.
        self._marks: list[Mark] = []
        #: How many elements deep the text is replaced by another.
        self._replaced = 0
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if (tag == "speak") != (self._depth == 0):
            raise invalid(f"Invalid SSML request: unexpected element {tag}")
        check(tag, attributes, *self._speaker)
        self._depth += 1
        manner = self._manner[-1]
        if tag == "prosody":
            manner = replace(manner, tempo=manner.tempo * _tempo(attributes.get("rate", "medium")))
        elif tag == "lang":
            manner = replace(manner, language=_required(tag, attributes, "xml:lang"))
        elif tag == "sub":
            alias = _required(tag, attributes, "alias")
            self._say(alias, (self._source.content(tag),) * len(alias), manner)
        elif tag == "mark":
            self._mark(_required(tag, attributes, "name"))
        elif tag == "break":
            self._pause += _length(attributes)
        if tag == "sub" or self._replaced:
            self._replaced += 1
        self._manner.append(manner)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._manner.pop()
        self._replaced = max(0, self._replaced - 1)
        if tag in ("p", "s"):
            self._pause = max(self._pause, _PARAGRAPH if tag == "p" else _SENTENCE)

    def text(self, data: str) -> None:
        if not self._replaced:
            self._say(data, self._source.characters(data), self._manner[-1])

    def passages(self) -> Iterator[Passage]:
        for passage in self._made:
            if passage.text.strip() or passage.pause or passage.marks:
                yield passage
        if self._pause or self._marks:
            yield Passage("", (), pause=self._pause, marks=tuple(self._marks))

    def _mark(self, name: str) -> None:
        span = self._source.tag()
        if self._pause or not self._made:
            self._marks.append(Mark(name, span, 0, self._pause))
        else:
            last = self._made[-1]
            self._made[-1] = replace(last, marks=(*last.marks, Mark(name, span, len(last.text), last.pause)))

    def _say(self, data: str, spans: tuple[Span, ...], manner: Passage) -> None:
        last = self._made[-1] if self._made else None
        if last and not self._pause and (last.tempo, last.language) == (manner.tempo, manner.language):
            self._made[-1] = replace(last, text=last.text + data, spans=last.spans + spans)
        elif data.strip() or not self._pause:
            marks = tuple(self._marks)
            self._made.append(replace(manner, text=data, spans=spans, pause=self._pause, marks=marks))
            self._pause = 0
            self._marks.clear()


def _tempo(rate: str) -> float:
    tempo = _RATES[rate] if rate in _RATES else float(rate.removesuffix("%")) / 100
    return min(max(tempo, _SLOWEST), _FASTEST)


def _length(attributes: Mapping[str, str]) -> int:
    if (written := attributes.get("time")) is None:
        strength = attributes.get("strength", "medium")
        if strength not in _PAUSES:
            raise invalid(f"Invalid SSML request: expected a strength of {', '.join(_PAUSES)}, got {strength}")
        return _PAUSES[strength]
    found = _TIME.fullmatch(written)
    length = round(float(found[1]) * (1000 if found[2] == "s" else 1)) if found else _LONGEST + 1
    if length > _LONGEST:
        raise invalid(f"Invalid SSML request: expected a break of 10s at most, such as 500ms, got {written}")
    return length


def _required(tag: str, attributes: Mapping[str, str], name: str) -> str:
    if name not in attributes:
        raise invalid(f"Invalid SSML request: expected {name} on {tag}")
    return attributes[name]


def _refuse_doctype(*_: object) -> None:
    raise invalid("Invalid SSML request: a DOCTYPE is not taken")
