"""What the README says is so."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from processors.engines.built_in import BUILT_IN
from processors.engines.spec import EngineKind, EngineSpec
from shared.settings import Settings
from tests.benchmarks.runner import NAMES
from tests.benchmarks.table import HEAD
from tests.unit.cli.conftest import llt
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic

__all__ = ["llt"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_settings() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*?) \|$", README, re.MULTILINE)
    assert rows == list(Settings().describe())


def test_the_table_of_engines_shows_each_as_its_entry_says() -> None:
    rows = re.findall(r"^\| `(\S+)` \| (\w+) \| (yes|no) \| (?:`(\w+)`)? ?\| .+ \|$", README, re.MULTILINE)
    assert rows == [(spec.form, spec.kind, "yes" if spec.offline else "no", spec.extra) for spec in BUILT_IN]


def test_the_engines_that_settings_have_and_name_are_in_the_table() -> None:
    for kind in EngineKind:
        known = {spec.form for spec in BUILT_IN if spec.kind is kind}
        ((value, text),) = [(value, text) for name, value, _, text in Settings().describe() if name == kind.setting]
        assert {value, *text.partition("such as ")[2].split(" or ")} <= known


def test_the_example_of_an_engine_is_the_package_that_is_installed_in_tests() -> None:
    (example,) = re.findall(r"^```py\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert example == (ROOT / "examples" / "custom_engine" / "llt_shout.py").read_text(encoding="utf-8")


def test_the_fields_of_an_engines_entry_are_explained() -> None:
    table = README.partition("| field | default |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert ["kind", "name", "target", *explained] == [column.name for column in fields(EngineSpec)]


def test_the_example_of_an_env_file_shows_every_setting_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = re.findall(r"^# (.*) \((.*)\)\n#([A-Z_]+)=(.*)$", example, re.MULTILINE)
    assert [(name, value, span, text) for text, span, name, value in shown] == list(Settings().describe())


def test_the_table_of_benchmarks_shows_each_of_them_and_that_its_bounds_hold() -> None:
    rows = re.findall(r"^\| (\w+): .*\| (yes|\*\*no\*\*|) \|$", README, re.MULTILINE)
    assert list(dict.fromkeys(name for name, _ in rows)) == list(NAMES)
    assert {holds for _, holds in rows} == {"yes", ""}
    assert f"\n{HEAD}\n| {NAMES[0]}: " in README


def test_the_folders_that_the_wheel_holds_are_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = [pattern.rstrip("*") for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    (sentence,) = re.findall(r"^The wheel holds (.*), with `llt`", README, re.MULTILINE)
    assert re.findall(r"`(\w+)`", sentence) == shipped


def test_every_make_target_exists() -> None:
    named = set(re.findall(r"^    make (\w+)", README, re.MULTILINE)) | set(re.findall(r"`make ([\w-]+)", README))
    listed = set(re.findall(r"`([\w-]+)`", README.partition("`make help` lists the rest:")[2].partition("\n\n")[0]))
    assert {"demo", "test"} <= named
    assert named | listed <= set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))


def test_every_command_exists_with_the_options_that_are_named(llt: Llt) -> None:
    rows = re.findall(r"^\| `llt ([a-z -]+).*?` \| .*? \|$", README, re.MULTILINE)
    options = [re.findall(r"`(--\w+)`", row) for row in re.findall(r"^\| `llt .*$", README, re.MULTILINE)]
    assert len(rows) == len(options) > 0
    for command, named in zip(rows, options, strict=True):
        shown = llt(*command.split(), "--help")
        assert shown.code == 0, shown.err
        assert all(option in shown.out for option in named), command


def test_every_command_line_is_one_that_llt_takes(llt: Llt) -> None:
    lines = re.findall(r"\.venv/bin/llt ([^`\n]+)", README)
    assert {line.split()[0] for line in lines} >= {"up", "listen", "speak", "streams"}
    for line in lines:
        words = line.split()
        command = words[: 2 if words[0] in ("streams", "sessions", "config") else 1]
        shown = llt(*command, "--help")
        assert shown.code == 0, shown.err
        assert all(word in shown.out for word in words if word.startswith("--")), line


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_example_is_the_program_that_the_tests_run() -> None:
    program = (ROOT / "examples" / "embed.py").read_text(encoding="utf-8")
    assert f"```python\n{program}```\n" in README
