"""What this project's extras install, as the metadata of its installation has it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from shared import DISTRIBUTION

_REQUIREMENT = re.compile(r"(?P<package>[\w.-]+)(?P<versions>[^;]*)(?:;(?P<marker>.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")
_LEFT_OUT = re.compile(r"""python_version\s*!=\s*["']([\d.]+)["']""")
#: The version of Python that this runs on, such as 3.12.
PYTHON = ".".join(map(str, sys.version_info[:2]))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that an extra installs, or, where `extra` is empty, every installation."""

    package: str
    #: The versions that will do, such as ">=1.0".
    versions: str = ""
    extra: str = ""
    #: The version of Python on which the extra does without it, such as 3.12; empty for none.
    left_out: str = ""

    @property
    def wanted(self) -> bool:
        """Whether the extra has it on the Python that this runs on."""
        return self.left_out != PYTHON


def requirements() -> Sequence[Requirement]:
    """All of them; none where the project is not installed and only lies in the path."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 (errors alone need it, and it is slow)

    try:
        lines = requires(DISTRIBUTION) or ()
    except PackageNotFoundError:
        return []
    found = map(_REQUIREMENT.fullmatch, lines)
    return [
        Requirement(
            match["package"],
            match["versions"].strip(),
            _first(_EXTRA, match["marker"]),
            _first(_LEFT_OUT, match["marker"]),
        )
        for match in found
        if match
    ]


def left_out(extra: str, package: str) -> bool:
    """Whether an extra has this package on other versions of Python, and does without it on this one."""
    return any((found.extra, found.package) == (extra, package) and not found.wanted for found in requirements())


def _first(pattern: re.Pattern[str], marker: str | None) -> str:
    found = pattern.search(marker or "")
    return found[1] if found else ""
