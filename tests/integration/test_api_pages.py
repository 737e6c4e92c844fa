"""The pages that `make api` writes: one for each module that a client imports, with what it finds there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.makefile import commands
from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.long]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8")


class Anchors(HTMLParser):
    """What a page explains: the ids of its parts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name == "id" and value}


def command(out: Path) -> list[str]:
    """What the target runs once the environment is there, into another folder."""
    python, *arguments = shlex.split(commands("api")[-1])
    assert (python, arguments.count("out/api")) == (".venv/bin/python", 1)
    return [sys.executable, *(str(out) if argument == "out/api" else argument for argument in arguments)]


def test_every_name_that_a_client_imports_is_explained_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(command(tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (0, "")
    names: dict[str, set[str]] = {}
    for imported, module in re.findall(
        r"^\| (`.*`) \| `((?:producers|sinks|processors|shared)[\w.]*)` \| ", PAGE, re.MULTILINE
    ):
        names.setdefault(module, set()).update(re.findall(r"`(\w+)`", imported))
    pages = {
        ".".join(path.relative_to(tmp_path).with_suffix("").parts): path
        for path in tmp_path.rglob("*.html")
        if path.name != "index.html"
    }
    assert pages.keys() == names.keys()
    for module, path in pages.items():
        assert names[module] <= Anchors(path.read_text(encoding="utf-8")).found, module
