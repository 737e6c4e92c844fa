"""`llt streams list --check` tells a container's health check whether a pipeline can use what there is."""

from __future__ import annotations

from typing import Any

import pytest

from cli import streams
from cli.workers.tables import KclTables
from shared.streams.kinesis.admin import StreamAdmin, StreamStatus
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("status", "code"), [("active", 0), ("updating", 0), ("creating", 1), ("deleting", 1), ("missing", 1)]
)
def test_a_stream_that_can_be_read_and_written_is_enough(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, status: str, code: int
) -> None:
    async def there(*_: Any) -> list[StreamStatus]:
        return [StreamStatus("audio", status, 1)]

    async def none(*_: Any) -> list[Any]:
        return []

    for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setattr(StreamAdmin, "list", there)
    monkeypatch.setattr(streams, "list_tables", none)
    monkeypatch.setattr(KclTables, "list", none)
    assert llt("streams", "list", "--check").code == code
