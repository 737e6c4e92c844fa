"""What docs/architecture.md says of the tree is so: files, classes, methods, who imports whom, who reads what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from processors.stages import STAGES
from shared.streams import StreamName
from tests.unit.docs.code import METRICS, SETTINGS, classes, defined, imported
from tests.unit.docs.tree import ROOT

pytestmark = pytest.mark.hermetic


TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
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


def test_every_link_is_the_path_that_it_shows() -> None:
    # A page beside it is shown by its name, and the rest by its path from the root.
    links = [link for link in LINK.findall(TEXT) if "/" in link[1]]
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
            if name.partition(" ")[0] in ("llt", "make"):
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
