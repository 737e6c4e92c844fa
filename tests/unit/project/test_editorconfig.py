"""Every file is as .editorconfig has editors leave it, and .editorconfig agrees with ruff."""

from __future__ import annotations

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.support.checkout import ROOT, files

# It asks git which files there are.
pytestmark = pytest.mark.system

PARSER = ConfigParser()
PARSER.read_string("[top]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))


def texts() -> list[Path]:
    return [path for path in files() if b"\0" not in path.read_bytes()]


def test_it_is_the_topmost_one_and_holds_for_every_file() -> None:
    assert PARSER["top"]["root"] == "true"
    assert dict(PARSER["*"]) == {
        "charset": "utf-8",
        "end_of_line": "lf",
        "insert_final_newline": "true",
        "trim_trailing_whitespace": "true",
        "indent_style": "space",
        "indent_size": "4",
    }


def test_lines_are_as_long_as_ruff_has_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert PARSER["*.{py,md,sh}"]["max_line_length"] == str(project["tool"]["ruff"]["line-length"])


def test_every_text_is_utf_8_with_plain_ends_of_lines() -> None:
    found = texts()
    assert len(found) > 500
    wrong = []
    for path in found:
        text = path.read_bytes().decode("utf-8")
        if text and not text.endswith("\n"):
            wrong.append(f"{path}: no newline at its end")
        if "\r" in text or re.search(r"[ \t]$", text, re.MULTILINE):
            wrong.append(f"{path}: a carriage return, or a blank at the end of a line")
    assert wrong == []


def test_only_a_makefile_is_indented_by_tabs() -> None:
    assert PARSER["Makefile"]["indent_style"] == "tab"
    indented = {path.name for path in texts() if re.search(rb"^\t", path.read_bytes(), re.MULTILINE)}
    assert indented == {"Makefile"}
