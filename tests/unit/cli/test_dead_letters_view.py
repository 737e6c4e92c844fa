"""What `llt dead-letters list` shows on a narrow terminal."""

from __future__ import annotations

import pytest

from cli.dead_letters.view import print_table

pytestmark = pytest.mark.hermetic

LETTER = {
    "id": "a1b2c3d4e5f60718",
    "published_at": 1_795_691_746_286,
    "session": "talk",
    "stage": "translate",
    "language": "es",
    "start": None,
    "end": None,
    "input": {"stream": "unique-segments", "shard": "shardId-000000000001", "sequence": "49689123" * 7},
    "error": "es failed after 60.0 s: EngineUnavailable: no answer in time",
}


@pytest.mark.parametrize(("columns", "input_shown"), [(80, False), (200, True)])
def test_an_error_can_be_read_whatever_the_width(
    columns: int, input_shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table([LETTER])
    printed = capsys.readouterr().out
    assert "EngineUnavailable" in printed
    assert max(map(len, printed.splitlines())) <= columns
    assert ("unique-segments" in printed) is input_shown
