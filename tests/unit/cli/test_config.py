from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from shared.settings import Settings
from tests.unit.cli.outcome import Llt


def test_it_shows_every_setting_with_its_value_range_and_origin(
    llt: Llt, newcomer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (newcomer / ".env").write_text("# mine\nMAX_BUFFER_TIMEOUT=4\nexport MAX_HOLD='90'\nPAUSE_THRESHOLD=3\n")
    monkeypatch.setenv("PAUSE_THRESHOLD", "1.5")
    outcome = llt("config", "show", "--json")
    shown = orjson.loads(outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    assert list(shown) == [name for name, *_ in Settings().describe()]
    seen = {name: (entry["value"], entry["from"]) for name, entry in shown.items()}
    assert seen["MAX_BUFFER_TIMEOUT"] == (4, ".env")
    assert seen["MAX_HOLD"] == (90, ".env")
    assert seen["PAUSE_THRESHOLD"] == (1.5, "environment")
    assert seen["MIN_STABILITY_THRESHOLD"] == (0.85, "default")
    assert shown["MAX_HOLD"]["range"] == "10-600 s"


def test_a_person_reads_a_table_that_cuts_nothing_off(llt: Llt) -> None:
    outcome = llt("config", "show")
    rows = {line.split()[0]: line.split()[1:3] for line in outcome.out.splitlines() if line[:1].isupper()}
    assert rows == {name: [value or '""', "default"] for name, value, *_ in Settings().describe()}


def test_an_empty_variable_counts_as_not_set(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_HOLD", "")
    entry = orjson.loads(llt("config", "show", "--json").out)["MAX_HOLD"]
    assert (entry["value"], entry["from"]) == (60, "default")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"MAX_HOLD=5\n", "llt: MAX_HOLD=5: expected 10-600 s"),
        (b"\nTOKEN='s3cret\n", "llt: .env line 2: expected NAME=value"),
        (b"s3cret\n", "llt: .env line 1: expected NAME=value"),
        (b"\xff\xfe", "llt: .env: expected a text file in UTF-8"),
    ],
)
def test_a_bad_env_file_is_refused_in_one_line_that_tells_no_secret(
    llt: Llt, newcomer: Path, content: bytes, says: str
) -> None:
    (newcomer / ".env").write_bytes(content)
    outcome = llt("config", "show")
    assert (outcome.code, outcome.out, outcome.err) == (2, "", says + "\n")


def test_an_env_file_that_cannot_be_read_is_refused(llt: Llt, newcomer: Path) -> None:
    (newcomer / ".env").mkdir()
    outcome = llt("config", "show")
    assert (outcome.code, outcome.err) == (2, "llt: .env: Is a directory; make it readable or move it away\n")
