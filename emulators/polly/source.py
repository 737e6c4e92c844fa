"""Where in a request's text something is written."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from xml.parsers.expat import XMLParserType

#: Byte offsets in the text's UTF-8: the first, and the one behind the last.
Span = tuple[int, int]

#: A tag that starts an element, which may be all of it. Its attributes' values may hold `>`.
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(/?)>""")
_REFERENCE = re.compile(rb"&#?\w+;")


def spans(text: str, start: int = 0) -> tuple[Span, ...]:
    """Of each character of `text`, whose first byte is at `start`."""
    sizes = (len(character.encode("utf-8", "surrogatepass")) for character in text)
    return tuple(pairwise(accumulate(sizes, initial=start)))


class Source:
    """The document that a parser is reading, at the place that it tells a handler of."""

    def __init__(self, document: bytes, parser: XMLParserType) -> None:
        self._document = document
        self._parser = parser

    def characters(self, data: str) -> tuple[Span, ...]:
        """Of each character of the text that begins here; a reference such as `&amp;` is one."""
        at = self._parser.CurrentByteIndex
        reference = _REFERENCE.match(self._document, at)
        # A parser tells of each reference on its own; in CDATA, where `&amp;` is none, of more characters than one.
        return (reference.span(),) if reference and len(data) == 1 else spans(data, at)

    def tag(self) -> Span:
        """Of the tag that starts an element here."""
        return self._tag().span()

    def content(self, name: str) -> Span:
        """Of what the element that starts here holds; of its tag where it holds nothing."""
        tag = self._tag()
        if tag[1]:
            return tag.span()
        end = self._document.find(f"</{name}".encode(), tag.end())
        return (tag.end(), end) if end > tag.end() else tag.span()

    def _tag(self) -> re.Match[bytes]:
        at = self._parser.CurrentByteIndex
        found = _TAG.match(self._document, at)
        if found is None:
            raise AssertionError(f"expected a tag at byte {at} of a document that the parser took")
        return found
