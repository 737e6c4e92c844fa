"""What `llt streams` does with KCL's tables."""

from __future__ import annotations

import orjson
import pytest
import typer

from tests.integration.cli.kcl_tables import KclTables
from tests.support.localstack import Observer
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system

SUFFIXES = ("-CoordinatorState", "-WorkerMetricStats")


@pytest.fixture
def kcl(observer: Observer) -> KclTables:
    return KclTables(observer.client("dynamodb"))


def test_tables_of_kcl_are_listed_and_deleted_with_the_streams_and_no_others(
    llt: Llt, kcl: KclTables, stream_prefix: str, observer: Observer
) -> None:
    prefix = f"t-{stream_prefix}-{stream_prefix}"
    ours = kcl.create(f"{prefix}-stability.dedup", *SUFFIXES) + kcl.create(f"{prefix}-translate")
    others = kcl.create(f"{prefix}-stability.translate", *SUFFIXES) + kcl.create(f"{stream_prefix}-translate")
    kcl.lease(ours[0], "shardId-000000000000", "TRIM_HORIZON", "w1")
    found = orjson.loads(llt("streams", "list", "--json").out)
    assert found["kcl"] == [{"name": name, "status": "active"} for name in ours]
    listed = llt("streams", "list").out.splitlines()
    assert [line.split() for line in listed[-4:]] == [[name, "active"] for name in ours]
    deleted = llt("streams", "delete", "--yes")
    assert (deleted.code, deleted.out) == (0, "Deleted 4 streams and tables.\n")
    left = {
        name
        for page in observer.client("dynamodb").get_paginator("list_tables").paginate()
        for name in page["TableNames"]
    }
    assert left & {*ours, *others} == set(others)
    assert orjson.loads(llt("streams", "list", "--json").out)["kcl"] == []


def test_they_are_named_before_they_are_deleted(
    llt: Llt, kcl: KclTables, stream_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (table,) = kcl.create(f"t-{stream_prefix}-{stream_prefix}-transcribe")
    asked: list[str] = []

    def refuse(text: str, abort: bool) -> None:
        asked.append(text)
        raise typer.Abort

    monkeypatch.setattr("cli.streams.typer.confirm", refuse)
    assert llt("streams", "delete").code == 1
    assert asked == [f"Delete {table}, with all that is on them?"]
    assert orjson.loads(llt("streams", "list", "--json").out)["kcl"] == [{"name": table, "status": "active"}]
