"""`llt` in this process, on LocalStack, with streams and tables of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from tests.unit.cli.conftest import clean_environment, llt

__all__ = ["clean_environment", "llt"]


@pytest.fixture
def stream_prefix(clean_environment: Path, aws_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the names of this test's streams begin with; those of its tables begin with a `t-` before it."""
    prefix = f"cli-{uuid4().hex[:8]}"
    monkeypatch.setenv("STREAM_PREFIX", prefix)
    monkeypatch.setenv("TABLE_PREFIX", f"t-{prefix}-")
    monkeypatch.setenv("COLUMNS", "220")
    return prefix
