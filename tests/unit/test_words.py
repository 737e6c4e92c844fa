"""This project's rules: one word for one thing, the field's where it has one. A retired word does not come back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[2]
EDGES = ("shared", "producers", "sinks", "cli")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", ".github")
SETUP = ("pyproject.toml", "Makefile", "Dockerfile", "docker-compose.yml", ".env.example")
EVERYWHERE = (*EDGES, "processors", "emulators", "infra", "examples", "docs", "tests", *PAGES, *SETUP)
KINDS = ("*.py", "*.md", "*.sh", "*.toml", "*.xml")


class Retired(NamedTuple):
    """A word, as a pattern; what is said instead; and the folders in which it is not said."""

    word: str
    instead: str
    folders: tuple[str, ...] = EVERYWHERE


RETIRED = (
    Retired("HostCore", "Host"),
    Retired("Lane", "KeyedStage"),
    Retired("Refusal", "RejectingOperator"),
    Retired("Ledger|ledger", "InFlight, Usage"),
    Retired("EngineSet|EnginesOnDemand", "Engines"),
    # A changelog says it of a version.
    Retired("unreleased", "unacked", (*EDGES, "processors", "emulators")),
    Retired("tripwire|oracle|workshop", "what the fixture is: fault injection, expected output, a harness"),
    Retired("ShardWorker", "ShardConsumer"),
    Retired("PatientStore", "RetryingStore"),
    Retired("TimeLine", "AudioClock, SpeechTimeline"),
    Retired("journey", "latencies"),
    Retired("FloorTaken", "AnotherSpeaker"),
    Retired("floor", "single speaker", EDGES),
    Retired("insist(s|ed|ing)?", "retry"),
    Retired("patience|patient(ly)?", "timeout; retry"),
    Retired("Bench|desk", "harness, deployment"),
    Retired("signs? of life", "heartbeat; a renewed lease"),
    Retired("reach_back", "lookback_s"),
    Retired("bury|buried", "dead-letter queue"),
    Retired("leash(ed)?", "die with the parent"),
    Retired("beats?", "heartbeat", EDGES),
    Retired("home", "the loop that it is bound to (LoopAffinity)", EDGES),
    Retired("PlayList", "PlayoutBuffer"),
    Retired("Steady", "StablePrefix", EDGES),
    Retired("Doubts?", "warnings", EDGES),
    Retired("patiently", "retry_while_unavailable", EDGES),
    Retired("Tries|tries left", "AwsRetries, attempts", EDGES),
    Retired("DaemonThreads", "DaemonThreadPool"),
    Retired("Inbox", "Subscription"),
    Retired("Pauses", "KeyBackoff", EDGES),
    Retired("Pace", "ReadPacer", EDGES),
    Retired("UNTOLD", "UNKNOWN_LENGTH"),
    Retired("MOST", "MAX"),
    Retired("placed_at", "opened_at"),
    Retired("time line", "timeline", EDGES),
)


@cache
def texts(folder: str) -> Sequence[tuple[Path, str]]:
    """A folder's files with what stands in them, or a file; read once for all words."""
    place = ROOT / folder
    files = [place] if place.is_file() else sorted(path for kind in KINDS for path in place.rglob(kind))
    return [(path, path.read_text(encoding="utf-8")) for path in files if path != Path(__file__)]


def said(pattern: re.Pattern[str], folders: tuple[str, ...]) -> Iterator[str]:
    for path, text in (found for folder in folders for found in texts(folder)):
        for found in pattern.finditer(text):
            yield f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]}"


@pytest.mark.parametrize("retired", RETIRED, ids=lambda retired: retired.word)
def test_a_retired_word_is_not_said_again(retired: Retired) -> None:
    # Whole words of names and of prose; a name's case counts, and that of a word at the beginning of a sentence not.
    case = re.IGNORECASE if retired.word.islower() else re.NOFLAG
    pattern = re.compile(rf"(?<![A-Za-z])(?:{retired.word})(?![A-Za-z])", case)
    assert not [f"{place}; say {retired.instead}" for place in said(pattern, retired.folders)]
