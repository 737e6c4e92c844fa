"""What a KCL worker costs and how quick it is, on LocalStack: starts, takeover, memory, and the time of one hop.

The hop is measured for each record twice, from the same put: until dedup emits the segment, and until a bare boto3
loop that reads the same shard as often has it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import quantiles
from typing import Any

import boto3

from infra.local.localstack.server import LocalStack
from shared.codec import decode, encode
from shared.models import Segment
from tests.end_to_end.terminals import Desk, desk
from tests.end_to_end.workers import Worker, wait_until
from tests.support.localstack import records_on

#: The lowest read interval, in s, and how many records are put, one every so often.
_INTERVAL, _RECORDS, _EVERY = 0.25, 120, 0.5
#: The most that the hop may take at p50, as a multiple of the bare loop.
_BOUND = 1.3


class BareLoop:
    """Reads a stream's one shard every `_INTERVAL` s with nothing but boto3, and notes when each segment came."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self.arrivals: dict[int, float] = {}
        self._kinesis = kinesis
        (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}
        self._iterator = kinesis.get_shard_iterator(**start)["ShardIterator"]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Reads no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_INTERVAL):
            page = self._kinesis.get_records(ShardIterator=self._iterator)
            self._iterator = page["NextShardIterator"]
            for record in page["Records"]:
                self.arrivals.setdefault(_number(record["Data"]), time.time())


def main() -> int:
    """Prints the figures; the exit code is 1 where the hop's bound does not hold."""
    with tempfile.TemporaryDirectory() as folder, LocalStack() as localstack:
        kinesis = boto3.client(
            "kinesis",
            endpoint_url=localstack.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        with desk(localstack, Path(folder), WORKER_READ_INTERVAL=str(_INTERVAL)) as terminals:
            terminals.run("sessions", "create", "talk")
            put = Putter(kinesis, f"{terminals.prefix}-segments")
            first = _start(terminals, put, kinesis, "first start, lease table made and seeded")
            _memory(first)
            hops, bare = _hops(kinesis, terminals.prefix, put)
            assert first.terminate() == 0
            first = _start(terminals, put, kinesis, "start again, same worker")
            _takeover(terminals, first, put, kinesis)
        ratio = _compare(hops, bare)
    if ratio > _BOUND:
        print(f"expected a hop of at most {_BOUND} times the bare loop's at p50, measured {ratio:.2f}", file=sys.stderr)
        return 1
    return 0


class Putter:
    """Puts one segment after the other."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self.stream = stream
        self._kinesis = kinesis
        self._number = 0

    def __call__(self) -> int:
        """Puts the next segment; returns its number."""
        self._number += 1
        segment = Segment(
            session="talk",
            captured_at=round(time.time() * 1000),
            number=self._number,
            language="en",
            text=f"word {self._number}",
            start=self._number * 1000,
            end=self._number * 1000 + 900,
        )
        self._kinesis.put_record(StreamName=self.stream, PartitionKey="talk", Data=encode(segment))
        return self._number


def _start(terminals: Desk, put: Putter, kinesis: Any, what: str) -> Worker:
    number = put()
    began = time.time()
    worker = Worker(terminals, "dedup")
    print(f"{what:45}{_until_out(kinesis, terminals.prefix, number) - began:8.1f} s to its first record")
    return worker.up()


def _takeover(terminals: Desk, first: Worker, put: Putter, kinesis: Any) -> None:
    second = Worker(terminals, "dedup").up()
    time.sleep(5)
    first.kill_all()
    number = put()
    killed_at = time.time()
    seconds = _until_out(kinesis, terminals.prefix, number) - killed_at
    print(f"{'second worker takes over, failover 2 s':45}{seconds:8.1f} s to its first record")
    assert second.terminate() == 0


def _memory(worker: Worker) -> None:
    worker.until_serving()
    (child,) = worker.children
    for name, process in (("daemon", worker.daemon), ("child of dedup", child)):
        print(f"{name:45}{process.memory_info().rss / 1e6:8.0f} MB")


def _hops(kinesis: Any, prefix: str, put: Putter) -> tuple[list[float], list[float]]:
    """For each record the s from its put until dedup emitted it, and until the bare loop had it."""
    bare = BareLoop(kinesis, put.stream)
    rng = random.Random(1)
    put_at: dict[int, float] = {}
    for _ in range(_RECORDS):
        time.sleep(_EVERY * rng.uniform(0.5, 1.5))
        began = time.time()
        put_at[put()] = began
    time.sleep(3)
    bare.close()
    emitted = _emitted(kinesis, prefix)
    hops = [emitted[number] / 1000 - at for number, at in put_at.items()]
    return hops, [bare.arrivals[number] - at for number, at in put_at.items()]


def _until_out(kinesis: Any, prefix: str, number: int) -> float:
    """The epoch s at which dedup emitted the segment, once it has."""
    wait_until(lambda: number in _emitted(kinesis, prefix), f"segment {number} never came out")
    return _emitted(kinesis, prefix)[number] / 1000


def _emitted(kinesis: Any, prefix: str) -> Mapping[int, int]:
    """When each segment on unique-segments was emitted, in epoch ms."""
    records = map(decode, records_on(kinesis, f"{prefix}-unique-segments"))
    return {record.number: record.hops["dedup"] for record in records if isinstance(record, Segment)}


def _number(data: bytes) -> int:
    segment = decode(data)
    assert isinstance(segment, Segment)
    return segment.number


def _compare(hops: Iterable[float], bare: Iterable[float]) -> float:
    """Prints both; returns the ratio of their medians."""
    print(f"{'one hop, read every 250 ms':45}{'p50':>8}{'p99':>8}")
    middle = {}
    for name, values in (("put -> dedup emits (KCL)", hops), ("put -> get (bare boto3)", bare)):
        cuts = quantiles(values, n=100)
        middle[name] = cuts[49]
        print(f"  {name:43}{cuts[49] * 1000:5.0f} ms{cuts[98] * 1000:5.0f} ms")
    ratio = middle["put -> dedup emits (KCL)"] / middle["put -> get (bare boto3)"]
    print(f"  {'ratio at p50, at most ' + str(_BOUND):43}{ratio:8.2f}")
    return ratio


if __name__ == "__main__":
    sys.exit(main())
