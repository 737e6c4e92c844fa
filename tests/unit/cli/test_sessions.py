"""`llt sessions` on a store in memory: what a person reads of sessions that nobody has spoken on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cli.sessions import command
from processors.backend import memory
from shared.sessions import Session
from shared.settings import Settings
from tests.support.virtual_time import EPOCH
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic

TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH, owner="me")


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One session that somebody speaks on, and what `sessions create` makes beside it."""
    monkeypatch.setenv("COLUMNS", "200")
    for engine in ("TRANSLATOR", "SYNTHESIZER"):
        monkeypatch.setenv(engine, "scripted")
    script = tmp_path / "script.jsonl"
    script.touch()
    monkeypatch.setenv("RECOGNISER", f"scripted:{script}")
    backend = memory(Settings())
    asyncio.run(backend.store.create(TALK))
    asyncio.run(backend.store.create(replace(TALK, id="later", started_at=EPOCH + 5000)))
    monkeypatch.setattr(command, "_backend", lambda: backend)


def test_a_session_that_nobody_has_spoken_on_has_not_begun(llt: Llt) -> None:
    assert llt("sessions", "create", "early", "--to", "es").code == 0
    rows = [line.split() for line in llt("sessions", "list").out.splitlines()]
    assert [row[0] for row in rows] == ["session", "talk", "later", "early"]
    assert rows[1][-3:] == ["2023-11-14", "22:13:20+00:00", "0"]
    assert rows[3][-3:] == ["not", "yet", "0"]
    shown = {
        line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1]
        for line in llt("sessions", "show", "early").out.splitlines()
    }
    assert shown["began"].strip() == "not yet"
