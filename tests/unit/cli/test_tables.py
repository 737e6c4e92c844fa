"""Tables on a narrow terminal: nothing of what they say is cut off."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from cli.dead_letters.view import print_table
from cli.workers import command
from cli.workers.report import Row, State
from shared.settings import Settings
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic

OWNER = "ip-10-0-12-133.eu-west-1.compute.internal-2"
ROW = Row(
    application="stability+dedup+translate+synthesize",
    stream=f"{Settings().stream_prefix}-unique-segments",
    shard="a-shard-that-is-named-in-another-way",
    owner=OWNER,
    state=State.UNLEASED,
    checkpoint="1",
    checkpoint_age_ms=3 * 3_600_000,
    lag_ms=123_456 * 3_600_000,
)
LETTERS: list[dict[str, Any]] = [
    {
        # Alike almost to their ends: only all of an id tells them apart.
        "id": f"a1b2c3d4e5f6071829a{n}",
        "published_at": 1_795_691_746_286,
        "session": "the-annual-meeting-of-everybody-on-2026-11-30",
        "stage": "synthesize",
        "language": "zh-hant",
        "start": 123_456_700,
        "end": 133_456_800,
        "input": {"stream": "translations", "shard": "shardId-000000000001", "sequence": "4968912301234567890123"},
        "error": "es failed after 60.0 s: EngineUnavailable: no answer in time",
    }
    for n in range(2)
]


def columns(printed: str) -> list[str]:
    """What each column says, without blanks, its cells joined where they went on below; every line fits the terminal."""
    lines = printed.splitlines()
    widths = max(map(len, lines))
    assert widths <= 80
    gaps = [at for at in range(widths) if all(line[at : at + 1].strip() == "" for line in lines)]
    cuts = [0, *gaps, widths]
    return ["".join(line[first:last] for line in lines).replace(" ", "") for first, last in pairwise(cuts)]


def test_workers_lose_nothing_at_80_columns(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    class Report:
        def __init__(self, *_: object) -> None:
            """Nothing to look at."""

        async def rows(self) -> list[Row]:
            return [ROW]

    monkeypatch.setattr(command, "Report", Report)
    outcome = llt("workers")
    assert outcome.code == 0
    assert [column for column in columns(outcome.out) if column] == [
        f"application{ROW.application}",
        "streamunique-segments",
        f"shard{ROW.shard}",
        f"owner{OWNER}",
        "stateunleased",
        "checkpointage3h00min",
        "lag123456h00min",
    ]


def test_dead_letters_lose_nothing_at_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(LETTERS)
    said = "|".join(columns(capsys.readouterr().out))
    for told in (
        "a1b2c3d4e5f6071829a0",
        "a1b2c3d4e5f6071829a1",
        "2026-11-2611:15:46",
        "the-annual-meeting-of-everybody-on-2026-11-30",
        "synthesize",
        "zh-hant123456.7-133456.8s",
        "esfailedafter60.0s:EngineUnavailable:noanswerintime",
        "input1..234567890123",
    ):
        assert told in said
