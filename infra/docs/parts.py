"""The generated parts: which file has each, between which marks, and who says what stands there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.docs import commands, metrics, settings

ROOT = Path(__file__).parents[2]


class PartMissing(Exception):
    """A file has no such part, or has it twice."""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a file, between two that name the part: `begin NAME: written by make docs` and `end NAME`."""

    file: str
    name: str
    #: Gives the lines as they should be, with a line break behind each.
    text: Callable[[], str]

    def replaced(self, page: str) -> str:
        """The text of the file with the part as it should be; raises PartMissing."""
        marked = re.compile(
            rf"^([^\n]*\bbegin {self.name}: written by make docs\b[^\n]*\n).*?^([^\n]*\bend {self.name}\b[^\n]*\n)",
            re.MULTILINE | re.DOTALL,
        )
        found = len(marked.findall(page))
        if found != 1:
            raise PartMissing(f"{self.file}: expected one part between `begin {self.name}` and `end`, got {found}")
        return marked.sub(lambda marks: f"{marks[1]}{self.text()}{marks[2]}", page)

    def write(self) -> bool:
        """Writes the part into its file; returns whether that changed the file. Raises PartMissing."""
        path = ROOT / self.file
        page = path.read_text(encoding="utf-8")
        new = self.replaced(page)
        if new == page:
            return False
        path.write_text(new, encoding="utf-8")
        return True


PARTS = (
    Part("docs/settings.md", "settings", settings.table_of_settings),
    Part("docs/settings.md", "aws", settings.table_of_aws),
    Part(".env.example", "settings", settings.example),
    Part("docs/commands.md", "commands", commands.table_of_commands),
    Part("docs/commands.md", "options", commands.sections),
    Part("docs/operations.md", "metrics", metrics.table_of_metrics),
)
