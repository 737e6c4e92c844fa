"""The tables of a document."""

from __future__ import annotations

from tests.unit.docs.tree import ROOT


def rows(path: str, *head: str) -> list[list[str]]:
    """The cells of the one table of the document whose first columns are headed so, row by row, without its head."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith(f"| {' | '.join(head)} |")]
    assert len(heads) == 1, f"{path}: expected one table that begins with {head}, got {len(heads)}"
    found = []
    for line in lines[heads[0] + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.replace("\\|", "\0").strip("|").split("|")])
    return [[cell.replace("\0", "|") for cell in row] for row in found]
