"""The baseline of a hop: what reading a shard takes with nothing but boto3."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any, Self

from shared.codec import decode
from shared.models import Segment


class BareLoop:
    """Begins to read a stream's one shard every `interval` s, and notes when (epoch s) each segment came."""

    def __init__(self, kinesis: Any, stream: str, interval: float) -> None:
        self.arrivals: dict[int, float] = {}
        self._kinesis = kinesis
        self._interval = interval
        (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
        start = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST"}
        self._iterator = kinesis.get_shard_iterator(**start)["ShardIterator"]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        read_at = time.monotonic()
        while not self._over.wait(read_at + self._interval - time.monotonic()):
            read_at = time.monotonic()
            page = self._kinesis.get_records(ShardIterator=self._iterator)
            self._iterator = page["NextShardIterator"]
            for record in page["Records"]:
                segment = decode(record["Data"])
                assert isinstance(segment, Segment)
                self.arrivals.setdefault(segment.number, time.time())
