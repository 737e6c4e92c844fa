"""Tables of what others have written: clean, and whole however narrow the terminal is."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from shared.clean import clean


def table(*columns: str, right: tuple[str, ...] = (), headed: bool = True) -> Table:
    """A table without lines; a cell that is wider than its column goes on below. `right` are aligned there."""
    made = Table(box=None, pad_edge=False, show_header=headed)
    for column in columns:
        made.add_column(column, overflow="fold", justify="right" if column in right else "left")
    return made


def cell(text: object, style: str = "") -> Text:
    """Text for a table, clean and without markup."""
    return Text(clean(str(text)), style)
