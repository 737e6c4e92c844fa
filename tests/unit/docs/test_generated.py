"""What a program writes of the documents is as it would write it now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.environment import AWS
from infra.docs import parts
from infra.docs.parts import PARTS, Part, PartMissing
from shared.metrics import Metric
from shared.settings import OF_A_SESSION, Settings
from tests.unit.docs.document import Document
from tests.unit.docs.llt import LLT
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT

pytestmark = pytest.mark.hermetic


BEHIND = "is behind the code; write it anew: make docs"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.file} {part.name}")
def test_a_generated_part_is_as_it_would_be_written_now(part: Part) -> None:
    page = (ROOT / part.file).read_text(encoding="utf-8")
    assert page == part.replaced(page), f"{part.file} {BEHIND}"


def test_every_mark_in_a_document_is_of_a_part() -> None:
    files = sorted({part.file for part in PARTS})
    marks = [
        (file, name)
        for file in files
        for name in re.findall(r"begin (\w+): written by make docs", (ROOT / file).read_text("utf-8"))
    ]
    assert sorted(marks) == sorted((part.file, part.name) for part in PARTS)


def test_only_what_stands_between_the_marks_is_written() -> None:
    part = Part("page.md", "song", lambda: "la\n")
    page = "by hand\n<!-- begin song: written by make docs -->\nold\n<!-- end song -->\nby hand\n"
    assert part.replaced(page) == page.replace("old", "la")
    assert part.replaced(part.replaced(page)) == part.replaced(page)


def test_a_file_is_written_where_its_part_is_behind_and_left_alone_where_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("<!-- begin song: written by make docs -->\n<!-- end song -->\n", encoding="utf-8")
    part = Part("page.md", "song", lambda: "la\n")
    assert [part.write(), part.write()] == [True, False]
    assert page.read_text(encoding="utf-8").splitlines()[1] == "la"


@pytest.mark.parametrize("page", ["", "<!-- begin song: written by make docs -->\n", "begin song\nend song\n"])
def test_a_page_without_the_part_is_refused_by_name(page: str) -> None:
    with pytest.raises(PartMissing, match=r"^page\.md: expected one part between `begin song` and `end`, got 0$"):
        Part("page.md", "song", lambda: "la\n").replaced(page)


def test_the_table_of_settings_is_the_settings() -> None:
    shown = [
        (name.strip("`"), default, span, text, own)
        for name, default, span, own, text in rows("docs/settings.md", "setting")
    ]
    assert shown == [(*setting, "yes" if setting[0] in OF_A_SESSION else "") for setting in Settings().describe()]


def test_the_table_of_aws_s_names_is_where_llt_looks() -> None:
    assert [name.strip("`") for name, _ in rows("docs/settings.md", "name")] == list(AWS)


def test_the_table_of_metrics_is_the_metrics() -> None:
    shown = [(name.strip("`"), text) for name, text in rows("docs/operations.md", "metric")]
    assert shown == [(metric.value, metric.help) for metric in Metric]


def test_the_example_of_an_env_file_shows_every_setting_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = re.findall(r"^# (.*) \((.*)\)\n#([A-Z_]+)=(.*)$", example, re.MULTILINE)
    assert [(name, value, span, text) for text, span, name, value in shown] == list(Settings().describe())


def test_the_page_of_commands_has_a_section_for_each_and_a_row_for_each_of_its_options() -> None:
    text = Document("docs/commands.md").text
    sections = dict(re.findall(r"^### llt ([^\n]*)\n(.*?)(?=^### |<!-- end)", text, re.MULTILINE | re.DOTALL))
    expected = {
        f"{name} {below}" if below else name: command
        for name, group in LLT.commands.items()
        for below, command in getattr(group, "commands", {"": group}).items()
    }
    assert list(sections) == list(expected)
    # What stands before a command is told by hand.
    assert all(f"`{name}`" in text or f"`llt {name}`" in text for option in LLT.params for name in option.opts)
    for name, command in expected.items():
        options = [option.opts[0] for option in command.params if option.param_type_name == "option"]
        assert re.findall(r"^\| `(--[\w-]+)", sections[name], re.MULTILINE) == options
        assert command.help.partition("\n")[0] in sections[name]
    assert [row[0].partition("(#")[2].rstrip(")") for row in rows("docs/commands.md", "command")] == [
        f"llt-{name.replace(' ', '-')}" for name in expected
    ]
