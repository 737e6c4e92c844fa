"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: Columns of a line; a table's row is as long as it must be.
WIDTH = 120


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, framed by empty lines; what a cell holds may be Markdown, and its bars are escaped."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def code(text: str) -> str:
    """The text as code; empty text stays empty."""
    return f"`{text}`" if text else ""
