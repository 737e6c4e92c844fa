"""A document in Markdown: its headings, its links, and the code that it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.unit.docs.tree import ROOT

_PLACES = ("*.md", "docs/**/*.md", ".github/**/*.md", "examples/**/*.md", "cli/**/*.md")
#: What a block of commands says of itself; a block without a word is one too.
_SHELL = ("", "sh", "bash", "console", "shell")
_SEPARATORS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<", "2>&1"})


@dataclass(frozen=True)
class Document:
    """One document; `path` is from the root of the tree."""

    path: str

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def tokens(self) -> list[Token]:
        return MarkdownIt("commonmark").enable("table").parse(self.text)

    @property
    def inline(self) -> Iterator[Token]:
        for token in self.tokens:
            yield from token.children or []

    @property
    def links(self) -> list[str]:
        """Where its links and pictures lead."""
        found = (token.attrs.get("href", token.attrs.get("src")) for token in self.inline)
        return [str(link) for link in found if link is not None]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind a `#`: GitHub makes it of each heading."""
        slugs: list[str] = []
        for before, token in zip(self.tokens, self.tokens[1:], strict=False):
            if before.type == "heading_open":
                said = "".join(child.content for child in token.children or [])
                slug = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
                slugs.append(f"{slug}-{slugs.count(slug)}" if slug in slugs else slug)
        return {*slugs, *re.findall(r'<a (?:id|name)="([^"]+)"', self.text)}

    @property
    def spans(self) -> list[str]:
        """What stands between backticks in a line."""
        return [" ".join(token.content.split()) for token in self.inline if token.type == "code_inline"]

    def blocks(self, *languages: str) -> list[str]:
        """The blocks of code of these languages; one that is indented has none, which is an empty one."""
        return [
            token.content
            for token in self.tokens
            if token.type in ("fence", "code_block") and token.info.partition(" ")[0] in languages
        ]

    @property
    def lines(self) -> list[str]:
        """The lines that a reader may type, each whole where it goes on behind a backslash."""
        return [
            line.removeprefix("$ ").strip()
            for block in self.blocks(*_SHELL)
            for line in block.replace("\\\n", " ").splitlines()
            if line.strip()
        ]

    @property
    def commands(self) -> Iterator[list[str]]:
        """Each command of its lines and of what stands between backticks, word by word."""
        for line in [*self.lines, *self.spans]:
            yield from _commands(line)


def _commands(line: str) -> Iterator[list[str]]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = line.split()
    command: list[str] = []
    for word in [*words, ";"]:
        # What stands behind two hyphens is a command of its own.
        if word in _SEPARATORS or word == "--":
            if command:
                yield command
            command = []
        else:
            command.append(word.removesuffix(";"))


#: A document by its path; each is read once.
document = cache(Document)
DOCUMENTS = [
    document(path.relative_to(ROOT).as_posix())
    for path in sorted({path for place in _PLACES for path in ROOT.glob(place)}, key=Path.as_posix)
]
