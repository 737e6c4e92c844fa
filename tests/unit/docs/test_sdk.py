"""What docs/sdk.md says of the SDK is so: its programs, names, options, events, errors and figures."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import typing
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import producers
import producers.sources
import shared.errors
import sinks
import sinks.files
from producers import AudioProducer, ProducerStatus
from shared.errors import LowLatencyTranslateError, SettingError
from shared.models import Status
from shared.sessions import Session
from sinks import AudioEvent, AudioSubscriber, CaptionEvent, CaptionSubscriber, Ended
from tests.unit.docs.document import Document
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT
from tests.unit.sinks.test_sharing import LISTENERS, READS_APART, READS_SHARED

pytestmark = pytest.mark.hermetic

PAGE = "docs/sdk.md"
TEXT = Document(PAGE).text
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PACKAGES = ("shared", "producers", "processors", "sinks")


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Each name that a program imports from this project, with its module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in PACKAGES:
            yield from ((alias.name, node.module) for alias in node.names)


def options(owner: type) -> dict[str, Any]:
    """What may be given to it by name alone, with the defaults."""
    parameters = inspect.signature(owner).parameters.values()
    return {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}


def test_its_programs_are_examples_that_the_tests_run() -> None:
    programs = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES}
    assert Document(PAGE).blocks("python") == [programs[name] for name in ("speaker", "listener", "embed")]


def test_every_example_is_named_with_what_it_does() -> None:
    assert sorted(row[0].partition("]")[0].lstrip("[") for row in rows(PAGE, "program", "what it does")) == [
        path.name for path in EXAMPLES
    ]


def test_the_table_of_imports_is_true_and_lacks_nothing_that_a_client_imports() -> None:
    shown = [
        (name, module.strip("`"))
        for names, module, _ in rows(PAGE, "what", "from", "what it is")
        for name in quoted(names)
    ]
    for name, module in shown:
        assert hasattr(importlib.import_module(module), name), f"{module}.{name}"
    public = [
        (name, package.__name__)
        for package in (producers, producers.sources, sinks, sinks.files)
        for name in package.__all__
    ]
    used = [found for path in EXAMPLES for found in imported(path)]
    assert set(public) | set(used) <= set(shown)
    assert len(set(shown)) == len(shown)


def test_the_options_of_a_producer_are_its_own_with_their_defaults() -> None:
    shown = {quoted(name)[0]: default for name, default, _ in rows(PAGE, "option", "default", "what it is")}
    assert shown == {name: str(default) for name, default in options(AudioProducer).items()}


def test_the_options_of_subscribers_are_their_own_with_their_defaults() -> None:
    shown = {
        quoted(name)[0]: (of, default) for name, of, default, _ in rows(PAGE, "option", "of", "default", "what it is")
    }
    captions, speech = options(CaptionSubscriber), options(AudioSubscriber)
    assert shown == {
        name: (
            "both" if name in captions and name in speech else "captions" if name in captions else "speech",
            str(default),
        )
        for name, default in (captions | speech).items()
    }


def test_the_status_of_a_producer_is_explained_field_by_field() -> None:
    shown = [quoted(name)[0] for name, _ in rows(PAGE, "field", "what it is")]
    assert shown == [column.name for column in fields(ProducerStatus)]


def test_every_event_is_explained_with_its_fields_and_who_tells_it() -> None:
    shown = {
        quoted(row[0])[0]: (row[1], quoted(row[2])) for row in rows(PAGE, "event", "of", "fields", "what it means")
    }
    captions, speech = typing.get_args(CaptionEvent), typing.get_args(AudioEvent)
    assert shown == {
        event.__name__: (
            "both" if event in captions and event in speech else "captions" if event in captions else "speech",
            [column.name for column in fields(event)],
        )
        for event in {*captions, *speech}
    }


def test_every_status_and_every_reason_of_an_end_is_explained() -> None:
    assert [quoted(name)[0] for name, _ in rows(PAGE, "status", "why")] == list(Status)
    assert {quoted(name)[0] for name, _ in rows(PAGE, "reason", "why")} == set(
        re.findall(r'"([^"]+)"', Ended.__doc__ or "")
    )


def test_every_error_is_explained_or_said_to_reach_no_client() -> None:
    shown = [quoted(name)[0] for name, _, _ in rows(PAGE, "error", "where a client meets it", "what to do")]
    (unmet,) = re.findall(r"^(`.*) are between workers", TEXT, re.MULTILINE)
    known = {
        name
        for name, found in vars(shared.errors).items()
        if inspect.isclass(found) and issubclass(found, LowLatencyTranslateError)
    }
    assert {*shown, *quoted(unmet), LowLatencyTranslateError.__name__} == known
    assert len(shown) + len(quoted(unmet)) + 1 == len(known)


@pytest.mark.parametrize("package", ["producers", "sinks"])
def test_what_the_sdk_raises_is_among_the_errors_that_a_client_meets(package: str) -> None:
    shown = {quoted(name)[0] for name, _, _ in rows(PAGE, "error", "where a client meets it", "what to do")}
    raised = {
        name
        for path in (ROOT / package).rglob("*.py")
        for name, module in imported(path)
        if module == "shared.errors"
        and re.search(rf"(?:raise|fail\(|return) ?{name}\(", path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 2
    assert raised <= shown


def test_the_rates_of_a_session_are_those_that_it_takes() -> None:
    low, high, default = map(int, re.findall(r"`Session\(rate=\.\.\.\)`: (\d+)-(\d+) Hz, (\d+) by default", TEXT)[0])
    given: dict[str, Any] = {"id": "talk", "source_language": "en", "target_languages": ()}
    assert Session(**given).rate == default
    for rate in (low, high):
        assert Session(**given, rate=rate).rate == rate
    for rate in (low - 1, high + 1):
        with pytest.raises(SettingError):
            Session(**given, rate=rate)


def test_the_reads_of_many_subscribers_are_those_that_are_counted() -> None:
    assert re.findall(r"(\d+)\s+subscribers", TEXT) == [str(LISTENERS)]
    assert rows(PAGE, "mappings of streams", "reads of Kinesis") == [
        ["one for all", f"{READS_SHARED} a second"],
        ["one for each", f"{READS_APART} a second"],
    ]
