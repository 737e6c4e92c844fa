"""What every document says of the tree is so: where it leads, what it has typed, and which names it knows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from cli.environment import AWS
from infra.docs.markdown import WIDTH
from shared.settings import Settings
from tests.unit.docs.document import DOCUMENTS, Document
from tests.unit.docs.document import document as read
from tests.unit.docs.llt import LLT, options, starts_of_llt, unknown_to_llt
from tests.unit.docs.tree import (
    CAPITALS,
    HUMPS,
    MAKEFILE,
    ROOT,
    classes,
    constants,
    exists,
    is_ignored,
    is_target,
    paths,
)

pytestmark = pytest.mark.hermetic


FILE = re.compile(r"[\w.+*-]*(?:/[\w.+*-]+)*/?")
KINDS = (".py", ".md", ".toml", ".yml", ".yaml", ".sh", ".cfg", ".json", ".jsonl", ".xml", ".svg")
BARE = ("Makefile", "Dockerfile", "LICENSE")
#: What a reader may put into the checkout.
READERS = ("docker-compose.override.yml",)
PACKAGES = tuple(sorted(path for path in paths() if "/" not in path and any((ROOT / path).glob("**/*.py"))))
MODULE = re.compile(rf"(?:{'|'.join(map(re.escape, PACKAGES))})(?:\.\w+)+")
#: Options of other programs that stand between backticks on their own.
FOREIGN = frozenset({"--help", "--no-deps", "--target"})
of_each = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.path)


def test_there_are_documents_of_every_kind() -> None:
    assert {"README.md", "docs/architecture.md", "examples/custom_engine/README.md"} <= {one.path for one in DOCUMENTS}


@of_each
def test_no_line_but_a_table_s_is_too_wide_to_read(document: Document) -> None:
    lines = enumerate(document.text.splitlines(), 1)
    # An address may be as long as it is.
    assert [number for number, line in lines if len(line) > WIDTH and "|" not in line and "://" not in line] == []


@of_each
def test_every_link_leads_somewhere(document: Document) -> None:
    assert [link for link in document.links if not leads(document, link)] == []


def leads(document: Document, link: str) -> bool:
    if "://" in link or link.startswith("mailto:"):
        return True
    path, _, anchor = link.partition("#")
    place = (ROOT / document.path).parent / path if path else ROOT / document.path
    if not place.exists() or is_ignored(place.resolve().relative_to(ROOT).as_posix()):
        return False
    if not anchor:
        return True
    other = place.resolve().relative_to(ROOT).as_posix()
    return place.suffix == ".md" and anchor in read(other).anchors


@of_each
def test_every_make_target_and_variable_exists(document: Document) -> None:
    assert [word for command in document.commands for word in unknown_to_make(command)] == []


def unknown_to_make(command: list[str]) -> Iterator[str]:
    if command[0] != "make":
        return
    for word in command[1:]:
        name, is_variable, _ = word.partition("=")
        scripts = [MAKEFILE, *(path.read_text(encoding="utf-8") for path in (ROOT / "infra" / "local").rglob("*.sh"))]
        known = any(re.search(rf"\b{name}\b", text) for text in scripts) if is_variable else is_target(word)
        if not known and not word.startswith("-"):
            yield f"make {word}"


@of_each
def test_every_command_of_llt_exists_with_its_options(document: Document) -> None:
    found = [command[start:] for command in document.commands for start in starts_of_llt(command)]
    assert [" ".join(["llt", *words]) for words in found if (wrong := unknown_to_llt(words)) and wrong] == []


@of_each
def test_an_option_on_its_own_is_one_of_llt_s(document: Document) -> None:
    named = {span.partition(" ")[0].partition("=")[0] for span in document.spans if span.startswith("--")}
    assert named - options(LLT) - FOREIGN - {"--"} == set()


@of_each
def test_every_file_exists(document: Document) -> None:
    words = [word for command in document.commands for word in command]
    assert [word for word in words if is_missing(word.strip("\"'(),:"))] == []


def is_missing(word: str) -> bool:
    """Whether it looks like a file of the tree, and is none."""
    path = word.partition("::")[0].removeprefix("./")
    if not FILE.fullmatch(path) or not path.strip("./*") or is_ignored(path.strip("/")) or path in READERS:
        return False
    first, slash, _ = path.partition("/")
    looks = (slash and first in paths()) or path.endswith(KINDS) or path in BARE
    return bool(looks) and not exists(path)


@of_each
def test_every_module_exists(document: Document) -> None:
    words = [word for command in document.commands for word in command]
    assert [word for word in words if MODULE.fullmatch(word) and not is_ignored(word) and is_no_module(word)] == []
    run = [
        command[index + 2]
        for command in document.commands
        for index, word in enumerate(command[:-2])
        if word.endswith("python") and command[index + 1] == "-m"
    ]
    assert [name for name in run if name.partition(".")[0] not in PACKAGES and find_spec(name) is None] == []


def is_no_module(dotted: str) -> bool:
    """Whether it is neither a module nor a name that a module has; a file's name is neither."""
    parts = dotted.split(".")
    if f".{parts[-1]}" in KINDS:
        return False
    for end in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:end])
        source = place.with_suffix(".py") if place.with_suffix(".py").exists() else place / "__init__.py"
        if source.exists() or place.is_dir():
            rest = parts[end : end + 1]
            return bool(rest) and not (source.exists() and re.search(rf"\b{rest[0]}\b", source.read_text("utf-8")))
    return True


@of_each
def test_every_name_that_looks_like_a_setting_is_one_or_another_name_of_the_tree(document: Document) -> None:
    known = {name for name, *_ in Settings().describe()} | AWS.keys() | constants()
    named = {name for name in CAPITALS.findall(document.text) if not name.startswith("AWS_ENDPOINT_URL_")}
    assert sorted(named - known) == []


@of_each
def test_every_name_that_looks_like_a_class_or_a_metric_is_one(document: Document) -> None:
    assert sorted({name for span in document.spans for name in HUMPS.findall(span)} - classes()) == []


@of_each
def test_every_program_of_the_environment_exists(document: Document) -> None:
    programs = re.findall(r"(?<![\w/-])\.venv/bin/([\w.-]+)", document.text)
    assert [name for name in programs if not (Path(sys.prefix) / "bin" / name).exists()] == []
