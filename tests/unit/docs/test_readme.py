"""README is short, leads to every other document, and what it says of the tree is so."""

from __future__ import annotations

import re

import pytest

from tests.unit.docs.document import DOCUMENTS, Document
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT, TARGETS, paths

pytestmark = pytest.mark.hermetic


README = Document("README.md")
#: Documents that a reader meets where they belong, and needs no way to.
BESIDE = (".github/", "examples/", "cli/")


def test_it_is_read_in_one_sitting() -> None:
    assert len(README.text.splitlines()) <= 200


def test_the_two_commands_that_a_newcomer_types_are_there_and_targets() -> None:
    named = {command[1] for command in README.commands if command[0] == "make" and len(command) > 1}
    assert {"demo", "test", "check"} <= named
    assert {"demo", "test"} <= TARGETS


def test_its_table_leads_to_every_other_document() -> None:
    named = [re.findall(r"\[(.*)\]\((.*)\)", row[0])[0] for row in rows("README.md", "document")]
    assert [link for label, link in named if label != link] == []
    others = {one.path for one in DOCUMENTS if not one.path.startswith(BESIDE)} - {"README.md"}
    assert others - {link for _, link in named} == set()


def test_its_table_of_folders_has_every_folder_that_a_reader_opens() -> None:
    folders = {path for path in paths() if "/" not in path and (ROOT / path).is_dir() and not path.startswith(".")}
    assert {re.findall(r"\((.*)\)", row[0])[0] for row in rows("README.md", "folder")} == folders


def test_what_a_first_change_changes_is_there_once_whatever_it_is_now() -> None:
    # A newcomer has changed it when this runs.
    told = README.text.partition("## A first change")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)` in \[(.*?)\]\(", told)
    assert len(named) == 2
    for name, file in named:
        assert len(re.findall(rf"^{name} = \d+$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)) == 1
