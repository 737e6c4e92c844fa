"""`llt workers` on lease tables as KCL writes them."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from tests.integration.cli.kcl_tables import KclTables
from tests.support.localstack import Observer
from tests.support.waiting import TIMEOUT
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system

SHARDS = [f"shardId-{number:012}" for number in range(8)]


@pytest.fixture
def kinesis(observer: Observer) -> Any:
    return observer.client("kinesis")


@pytest.fixture
def kcl(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> KclTables:
    monkeypatch.setenv("KCL_FAILOVER_TIME", "1")
    return KclTables(observer.client("dynamodb"))


def make(kinesis: Any, stream: str, shards: int) -> None:
    kinesis.create_stream(StreamName=stream, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def put(kinesis: Any, stream: str, shard: int, of: int) -> str:
    """Puts a record on that of so many shards; returns its sequence number."""
    middle = (2 * shard + 1) * (1 << 128) // (2 * of)
    answer = kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"data", ExplicitHashKey=str(middle))
    assert answer["ShardId"] == SHARDS[shard]
    return str(answer["SequenceNumber"])


def rows(llt: Llt) -> list[dict[str, Any]]:
    outcome = llt("workers", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    found: list[dict[str, Any]] = orjson.loads(outcome.out)
    return found


def test_a_row_a_shard_tells_owner_state_age_and_lag(
    llt: Llt, kinesis: Any, kcl: KclTables, stream_prefix: str
) -> None:
    application, stream = f"t-{stream_prefix}-{stream_prefix}-stability.dedup", f"{stream_prefix}-transcripts"
    make(kinesis, stream, 6)
    kcl.create(application, "-CoordinatorState", "-WorkerMetricStats")
    begun = time.time()
    first = [put(kinesis, stream, shard, 6) for shard in range(4)]
    time.sleep(0.3)
    put(kinesis, stream, 1, 6)
    last = put(kinesis, stream, 1, 6)
    kcl.lease(application, SHARDS[0], first[0], "w1")
    kcl.lease(application, SHARDS[1], first[1], "w1")
    kcl.lease(application, SHARDS[2], "TRIM_HORIZON", "w2")
    kcl.lease(application, SHARDS[3], first[3], None)
    kcl.lease(application, SHARDS[4], "TRIM_HORIZON", "w1")
    with kcl.renewing(application, SHARDS[0], SHARDS[1], SHARDS[4], every=0.1):
        found = rows(llt)
        kcl.lease(application, SHARDS[1], last, "w1")
        kcl.lease(application, SHARDS[2], "TRIM_HORIZON", None)
        caught_up = rows(llt)[1]
    passed = (time.time() - begun) * 1000
    assert [(row["shard"], row["owner"], row["state"], row["checkpoint"]) for row in found] == [
        (SHARDS[0], "w1", "owned", first[0]),
        (SHARDS[1], "w1", "owned", first[1]),
        (SHARDS[2], "w2", "stale", "TRIM_HORIZON"),
        (SHARDS[3], None, "free", first[3]),
        (SHARDS[4], "w1", "owned", "TRIM_HORIZON"),
        (SHARDS[5], None, "unleased", None),
    ]
    assert {(row["application"], row["stream"]) for row in found} == {("stability+dedup", stream)}
    ages, lags = zip(*((row["checkpoint_age_ms"], row["lag_ms"]) for row in found), strict=True)
    # Only what stands behind the checkpoint waits: on shard 1 the younger of two, on shard 2 the very first.
    assert [lags[shard] for shard in (0, 3, 4, 5)] == [0, 0, 0, 0]
    assert 300 <= lags[1] + 300 <= ages[1] <= passed
    assert 300 <= lags[2] <= passed
    assert [ages[shard] for shard in (2, 4, 5)] == [None, None, None]
    assert 300 <= ages[0] <= passed
    assert (caught_up["checkpoint"], caught_up["lag_ms"]) == (last, 0)
    assert caught_up["checkpoint_age_ms"] <= passed - 300


def test_a_person_reads_a_table_of_every_application(
    llt: Llt, kinesis: Any, kcl: KclTables, stream_prefix: str
) -> None:
    transcribe, translate = (f"t-{stream_prefix}-{stream_prefix}-{stage}" for stage in ("transcribe", "translate"))
    make(kinesis, f"{stream_prefix}-audio", 1)
    for application in (translate, transcribe):
        kcl.create(application)
    kcl.lease(transcribe, SHARDS[0], put(kinesis, f"{stream_prefix}-audio", 0, 1), "host-1")
    # Of a stream that is gone.
    kcl.lease(translate, SHARDS[0], "4968", None)
    with kcl.renewing(transcribe, SHARDS[0], every=0.1):
        outcome = llt("workers")
    head, first, second = outcome.out.splitlines()
    assert (outcome.code, outcome.err) == (0, "")
    assert head.split() == ["application", "stream", "shard", "owner", "state", "checkpoint", "age", "lag"]
    *words, age, age_unit, lag, lag_unit = first.split()
    assert words == ["transcribe", "audio", "0", "host-1", "owned"]
    assert 0 < float(age) < 60
    assert (age_unit, lag, lag_unit) == ("s", "0.0", "s")
    assert second.split() == ["translate", "unique-segments", "0", "-", "free", "?", "?"]


@pytest.mark.timeout(TIMEOUT)
def test_after_a_split_the_ended_parent_and_children_without_leases_are_shown_until_they_have_them(
    llt: Llt, kinesis: Any, kcl: KclTables, stream_prefix: str, observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever waits for an owner to renew its lease does so for longer than this test may take.
    monkeypatch.setenv("KCL_FAILOVER_TIME", "300")
    monkeypatch.setattr("cli.workers.report._LONGEST_FAILOVER", 300)
    application, stream = f"t-{stream_prefix}-{stream_prefix}-dedup", f"{stream_prefix}-segments"
    make(kinesis, stream, 1)
    kcl.create(application)
    kcl.lease(application, SHARDS[0], put(kinesis, stream, 0, 1), None)
    kinesis.split_shard(StreamName=stream, ShardToSplit=SHARDS[0], NewStartingHashKey=str(1 << 127))
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"data", ExplicitHashKey="0")
    states = [(row["shard"], row["state"]) for row in rows(llt)]
    assert states == [(SHARDS[0], "free"), (SHARDS[1], "unleased"), (SHARDS[2], "unleased")]
    assert [row["lag_ms"] > 0 for row in rows(llt)] == [False, True, False]
    kcl.lease(application, SHARDS[0], "SHARD_END", "w1")
    kcl.lease(application, SHARDS[1], "TRIM_HORIZON", None)
    # Nobody waits for an owner who has nothing left to do.
    parent, left, right = rows(llt)
    assert (parent["state"], parent["owner"], parent["checkpoint_age_ms"], parent["lag_ms"]) == ("ended", "w1", None, 0)
    assert (left["state"], right["state"]) == ("free", "unleased")
    # KCL drops the lease of a shard whose children have theirs.
    observer.client("dynamodb").delete_item(TableName=application, Key={"leaseKey": {"S": SHARDS[0]}})
    assert [(row["shard"], row["state"]) for row in rows(llt)] == [(SHARDS[1], "free"), (SHARDS[2], "unleased")]


def test_a_checkpoint_that_the_stream_does_not_know_has_no_age_and_no_lag(
    llt: Llt, kinesis: Any, kcl: KclTables, stream_prefix: str
) -> None:
    application, stream = f"t-{stream_prefix}-{stream_prefix}-dedup", f"{stream_prefix}-segments"
    make(kinesis, stream, 2)
    put(kinesis, stream, 0, 2)
    kcl.create(application)
    kcl.lease(application, SHARDS[0], "49680554792854006661010160389513590702992036890494894098", None)
    kcl.lease(application, SHARDS[1], "LATEST", None)
    found = rows(llt)
    assert [(row["state"], row["checkpoint_age_ms"], row["lag_ms"]) for row in found] == [("free", None, None)] * 2


@pytest.mark.timeout(TIMEOUT)
def test_with_a_long_failover_time_nobody_waits_to_call_an_owner_gone(
    llt: Llt, kcl: KclTables, stream_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than this test may take.
    monkeypatch.setenv("KCL_FAILOVER_TIME", "300")
    application = f"t-{stream_prefix}-{stream_prefix}-dedup"
    kcl.create(application)
    kcl.lease(application, SHARDS[0], "TRIM_HORIZON", "w1")
    assert [row["state"] for row in rows(llt)] == ["owned"]


def test_without_an_application_it_is_one_sentence(llt: Llt, kcl: KclTables, stream_prefix: str) -> None:
    # Another prefix's, and another program's.
    kcl.create(f"{stream_prefix}-stability")
    kcl.create(f"t-{stream_prefix}-{stream_prefix}-stability-too")
    outcome = llt("workers")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "There is no KCL application on these streams; `llt worker STAGE` starts one.\n"
    assert rows(llt) == []
