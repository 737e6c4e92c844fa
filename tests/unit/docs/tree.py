"""The checkout, as documents speak of it: its files, its make targets, its names in capitals."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = frozenset(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
#: What git leaves out: made by a run, or by the reader.
IGNORED = tuple((ROOT / ".gitignore").read_text(encoding="utf-8").split())
#: What stands for a name of the reader's.
_PLACEHOLDER = re.compile(r"[A-Z][A-Z-]{2,}")
#: Two words in capitals, or more: a setting, another variable, or a constant.
CAPITALS = re.compile(r"(?<![\w./$-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*])")

#: A class, or a metric.
HUMPS = re.compile(r"(?<![\w.])[A-Z][a-z]+(?:[A-Z][a-z0-9]*)+(?!\w)")


def is_ignored(path: str) -> bool:
    """Whether git leaves out the path, or a folder that it is in."""
    return any(fnmatch(part, name.strip("/")) for part in path.split("/") for name in (*IGNORED, ".git"))


def _walk() -> Iterator[str]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not is_ignored(name)]
        own = Path(folder).relative_to(ROOT)
        yield from ((own / name).as_posix() for name in [*folders, *files] if not is_ignored(name))


@cache
def paths() -> frozenset[str]:
    """Every file and folder, from the root of the tree."""
    return frozenset(_walk())


def as_pattern(text: str) -> str:
    """The text with a star for each placeholder, such as NAME."""
    return _PLACEHOLDER.sub("*", text)


def exists(path: str) -> bool:
    """Whether there is such a file or folder; without the folders before it, anywhere."""
    wanted = path.strip("/")
    found = any(known == wanted or known.endswith(f"/{wanted}") for known in paths())
    pattern = as_pattern(wanted)
    return found or any(fnmatch(known, name) for known in paths() for name in (pattern, f"*/{pattern}"))


def is_target(name: str) -> bool:
    """Whether make knows it; a placeholder stands for any rest."""
    return any(fnmatch(target, as_pattern(name)) for target in TARGETS)


@cache
def _sources() -> str:
    """The code, the scripts and the set-up, one behind the other."""
    kinds = (".py", ".sh", ".yml", ".json", "Makefile", "Dockerfile")
    files = sorted(path for path in paths() if path.endswith(kinds) and not path.startswith("tests/unit/"))
    return "\n".join((ROOT / path).read_text(encoding="utf-8") for path in files)


@cache
def constants() -> frozenset[str]:
    """Every name in capitals of the tree: constants, settings, variables."""
    return frozenset(CAPITALS.findall(_sources()))


@cache
def classes() -> frozenset[str]:
    """Every name of the tree that is written as a class or a metric is."""
    return frozenset(HUMPS.findall(_sources()))
