"""What docs/architecture.md says of the tree is so: files, classes, methods, who imports whom, who reads what."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from processors.stages import STAGES
from shared.metrics import Metric
from shared.settings import Settings
from shared.streams import StreamName

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGES = ("shared", "producers", "processors", "sinks", "cli")

SETTINGS = {name for name, *_ in Settings().describe()}
METRICS = {metric.value: metric.name for metric in Metric}
FENCE = re.compile(r"^```mermaid\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
#: The start of a list item or of a table's row; every other line goes on with the block before it.
BEGINS = re.compile(r"- |\d+\. |\||#")
SHAPE = r'(?:\(\[([^\]]+)\]\)|\["([^"]+)"\]|\[([^\]]+)\])?'
EDGE = re.compile(rf"\s+(\w+){SHAPE} (?:-->|-\.->)(?:\|(\w+)\|)? (\w+){SHAPE}")


class Edge(NamedTuple):
    """A line of a picture: the labels at its ends, and the word beside it."""

    source: str
    word: str
    target: str


def blocks(text: str) -> Iterator[str]:
    """The paragraphs, list items and rows of the page, without its pictures."""
    block: list[str] = []
    for line in [*FENCE.sub("\n", text).splitlines(), ""]:
        if block and (not line or BEGINS.match(line)):
            yield " ".join(block)
            block = []
        if line:
            block.append(line.strip())


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"expected a section {title}"
    return found[1]


def files(block: str) -> list[str]:
    """The modules that a block names, from the root of the tree."""
    return [label for label, _ in LINK.findall(block) if label.endswith(".py")]


def names(block: str) -> list[str]:
    return re.findall(r"`([^`]+)`", block)


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def bound(body: list[ast.stmt]) -> set[str]:
    """What the statements of a module or a class define."""
    defined = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)}
    return defined | {name.id for node in body for name in targets(node) if isinstance(name, ast.Name)}


def members(cls: ast.ClassDef) -> set[str]:
    """Its methods, its fields, and what its methods set on `self`."""
    statements = [node for node in ast.walk(cls) if isinstance(node, ast.Assign | ast.AnnAssign)]
    attributes = [target for node in statements for target in targets(node) if isinstance(target, ast.Attribute)]
    return bound(cls.body) | {
        attribute.attr
        for attribute in attributes
        if isinstance(attribute.value, ast.Name) and attribute.value.id == "self"
    }


@cache
def defined(path: str) -> frozenset[str]:
    """Every `name`, `Class` and `Class.member` of the module."""
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    return frozenset(bound(tree(path).body) | {f"{cls.name}.{member}" for cls in classes for member in members(cls)})


@cache
def classes() -> dict[str, set[str]]:
    """Every class of the tree, with its members."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in tree(str(path.relative_to(ROOT))).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] |= members(node)
    return found


def source_of(module: str, name: str = "") -> str | None:
    """The file of a module, or of what it is asked for by name where it is a package; None outside the tree."""
    folder = module.replace(".", "/")
    if name and (ROOT / folder / f"{name}.py").exists():
        return f"{folder}/{name}.py"
    if (ROOT / f"{folder}.py").exists():
        return f"{folder}.py"
    package = f"{folder}/__init__.py"
    if module.partition(".")[0] not in PACKAGES or not (ROOT / package).exists():
        return None
    for node in tree(package).body:
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return source_of(node.module or "", name)
    return package


@cache
def imported(path: str) -> frozenset[str]:
    """The files of the tree that a module imports from, wherever in it."""
    found = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    return frozenset(
        source
        for node in found
        for alias in node.names
        if (source := source_of(node.module or "", alias.name)) is not None
    )


def pictures() -> Iterator[list[Edge]]:
    for picture in FENCE.findall(TEXT):
        head, *lines = picture.splitlines()
        assert head.startswith("flowchart ")
        labels: dict[str, str] = {}
        edges: list[tuple[str, str, str]] = []
        for line in lines:
            found = EDGE.fullmatch(line)
            assert found, f"expected a line of a picture, got {line!r}"
            one, *shape, word, other, a, b, c = found.groups()
            labels.update(
                {node: next(filter(None, given)) for node, given in ((one, shape), (other, (a, b, c))) if any(given)}
            )
            edges.append((one, word or "", other))
        yield [Edge(labels[one], word, labels[other]) for one, word, other in edges]


def test_the_readme_links_to_it() -> None:
    assert "](docs/architecture.md)" in README


def test_every_link_is_the_path_that_it_shows() -> None:
    links = LINK.findall(TEXT)
    assert len(links) > 100
    assert [link for link in links if link[1] != f"../{link[0]}".rstrip("/")] == []
    assert [label for label, _ in links if not (ROOT / label).exists()] == []
    assert [label for label, _ in links if label.endswith("/") != (ROOT / label).is_dir()] == []


def test_every_name_is_in_a_file_beside_it() -> None:
    checked = 0
    for block in blocks(TEXT):
        for name in names(block):
            if name in SETTINGS or name in METRICS or name in set(StreamName):
                continue
            if name.startswith("llt"):
                assert f"`{name}" in README, block
                continue
            assert any(name in defined(path) for path in files(block)), f"{name}: {block}"
            checked += 1
    assert checked > 100


@pytest.mark.parametrize("title", ["One frame, from the producer to a caption", "One ack, back to the checkpoint"])
def test_each_step_of_a_walk_touches_one_before_it(title: str) -> None:
    steps = [block for block in blocks(section(title)) if re.match(r"\d+\. ", block)]
    assert [int(step.partition(".")[0]) for step in steps] == list(range(1, len(steps) + 1))
    walked: list[str] = []
    for step in steps:
        assert files(step), f"expected a file, got {step}"
        for path in files(step):
            # Everybody knows the records: to share them joins nothing.
            others = [before for before in walked if before != "shared/models.py"]
            touches = any(before in imported(path) or path in imported(before) for before in others)
            assert not walked or path in walked or touches, f"expected a file that a step before imports: {step}"
            walked.append(path)


def test_a_term_leads_to_one_file_which_is_where_the_program_has_it() -> None:
    rows = [block for block in blocks(section("Where a term lives")) if "](" in block]
    terms = [row.split("|")[1].strip() for row in rows]
    assert len(rows) > 30
    assert len(set(terms)) == len(terms)
    for row in rows:
        ((path, _),) = LINK.findall(row)
        code = (ROOT / path).read_text(encoding="utf-8")
        for name in names(row):
            if name in SETTINGS:
                assert f".{name.lower()}" in code, row
            elif name in METRICS:
                assert f"Metric.{METRICS[name]}" in code, row


def test_a_picture_shows_streams_stages_and_classes_that_there_are() -> None:
    known = classes().keys() | set(StreamName) | STAGES.keys()
    shown = {label.partition("<br/>")[0] for edges in pictures() for one, _, other in edges for label in (one, other)}
    assert len(shown) > 25
    assert {label for label in shown if label not in known and not label.startswith("a ")} == set()


def test_the_word_beside_a_line_is_of_a_class_at_one_end() -> None:
    lines = [edge for edges in pictures() for edge in edges if edge.word]
    assert lines
    for edge in lines:
        ends = [end.partition("<br/>")[0] for end in (edge.source, edge.target)]
        assert any(edge.word in classes()[end] for end in ends), edge


def test_the_first_picture_shows_who_writes_and_who_reads_each_stream() -> None:
    edges = next(pictures())
    reads = {(edge.source, edge.target) for edge in edges if edge.source in set(StreamName)}
    writes = {(edge.source, edge.target) for edge in edges if edge.source in STAGES}
    assert reads == {(stream, stage) for stage, stream in STAGES.items()} | {
        (stream, name) for name in ("CaptionSubscriber", "AudioSubscriber") for stream in read_by(name)
    }
    assert writes == {(stage, stream) for stage in STAGES for stream in emitted_by(stage)}


def read_by(subscriber: str) -> set[StreamName]:
    """The streams that a subscriber asks for."""
    folder = {"CaptionSubscriber": "captions", "AudioSubscriber": "audio"}[subscriber]
    code = (ROOT / "sinks" / folder / "subscriber.py").read_text(encoding="utf-8")
    return {StreamName[name] for name in re.findall(r"StreamName\.([A-Z_]+)", code)}


def emitted_by(stage: str) -> set[StreamName]:
    """The streams that a stage's operators emit to."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "processors" / stage).rglob("*.py"))
    return {StreamName[name] for name in re.findall(r"\bemit[(,]\s*StreamName\.([A-Z_]+)", code)}
