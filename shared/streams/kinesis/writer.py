"""Writes entries to a Kinesis stream in batches, those of one partition key one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from shared.aws import AwsClient
from shared.errors import StreamUnavailable
from shared.streams.base import Entry
from shared.streams.kinesis.key_backoff import KeyBackoff

#: What one PutRecords call takes: records, bytes of all, bytes of one; keys count.
_MAX_RECORDS = 500
_MAX_BYTES = 5 << 20
#: Calls in flight at once.
_MAX_IN_FLIGHT = 4
#: Seconds for which a record that the stream refuses is retried here, before the caller is told.
_RETRY_LIMIT = 10.0


@dataclass(slots=True, eq=False)
class _Write:
    """One `write`: over when each of its entries is written, or one has failed."""

    left: int
    over: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class _Pending:
    """An entry that is not written yet."""

    entry: Entry
    write: _Write
    refusals: int = 0
    refused_since: float = 0.0

    @property
    def size(self) -> int:
        return self.entry.size


class Writer:
    """Kinesis keeps no order among the records of one call when it refuses some of them.

    So at most one record of a key is in flight; what waits behind it goes with the next call. Only what was refused
    is retried, and only its key (or, where a shard is over its throughput, that shard's keys) waits for it.
    """

    def __init__(self, client: AwsClient, stream: str) -> None:
        self._client = client
        self._stream = stream
        #: Key -> its entries in order, the first of which may be in flight.
        self._queues: dict[str, deque[_Pending]] = {}
        self._in_flight: set[str] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._backoff = KeyBackoff()
        self._timer: asyncio.TimerHandle | None = None

    async def write(self, entries: Sequence[Entry]) -> None:
        """Returns once every entry is written.

        Raises RecordTooLarge, before anything is written, and else what a call raises, StreamUnavailable also where
        the stream takes calls but has refused a record for long.
        """
        for entry in entries:
            entry.check()
        if not entries:
            return
        write = _Write(len(entries), asyncio.get_running_loop().create_future())
        for entry in entries:
            self._queues.setdefault(entry.key, deque()).append(_Pending(entry, write))
        self._dispatch()
        try:
            await write.over
        finally:
            if write.left:
                self._withdraw(write, {entry.key for entry in entries})

    def _dispatch(self) -> None:
        """Begins as many calls as there are records for."""
        while len(self._calls) < _MAX_IN_FLIGHT and (batch := self._batch()):
            self._in_flight.update(pending.entry.key for pending in batch)
            call = asyncio.create_task(self._call(batch))
            self._calls.add(call)
            call.add_done_callback(self._called)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        if self._queues and (due := self._backoff.next_ready(loop.time())) is not None:
            self._timer = loop.call_at(due, self._dispatch)

    def _batch(self) -> list[_Pending]:
        """The first entry of each key that may go now, as many as one call takes."""
        now = asyncio.get_running_loop().time()
        batch: list[_Pending] = []
        size = 0
        for key, queue in self._queues.items():
            if key in self._in_flight or not self._backoff.is_ready(key, now):
                continue
            size += queue[0].size
            if len(batch) == _MAX_RECORDS or size > _MAX_BYTES:
                break
            batch.append(queue[0])
        return batch

    async def _call(self, batch: Sequence[_Pending]) -> None:
        records = [{"PartitionKey": pending.entry.key, "Data": pending.entry.data} for pending in batch]
        try:
            answer = await self._client.call("put_records", StreamName=self._stream, Records=records)
        except Exception as error:
            for pending in batch:
                self._fail(pending.entry.key, error)
            return
        for pending, result in zip(batch, answer["Records"], strict=True):
            if "ErrorCode" in result:
                self._refused(pending, result["ErrorCode"], result.get("ErrorMessage", ""))
            else:
                self._backoff.record_success(pending.entry.key, result["ShardId"])
                self._written(pending)

    def _called(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.result()
            self._dispatch()

    def _written(self, pending: _Pending) -> None:
        key = pending.entry.key
        self._in_flight.discard(key)
        # To the end, so that every key has its turn.
        queue = self._queues.pop(key)
        queue.popleft()
        if queue:
            self._queues[key] = queue
        pending.write.left -= 1
        if not pending.write.left and not pending.write.over.done():
            pending.write.over.set_result(None)

    def _refused(self, pending: _Pending, code: str, message: str) -> None:
        key = pending.entry.key
        self._in_flight.discard(key)
        now = asyncio.get_running_loop().time()
        pending.refused_since = pending.refused_since or now
        pending.refusals += 1
        if pending.write.over.done():
            self._drop(pending)
        elif now - pending.refused_since >= _RETRY_LIMIT:
            self._fail(
                key,
                StreamUnavailable(
                    f"stream {self._stream}: a record was refused for {_RETRY_LIMIT:g} s, lastly with {code} {message}"
                ),
            )
        else:
            self._backoff.record_failure(key, code, message, pending.refusals, now)

    def _fail(self, key: str, error: Exception) -> None:
        """Fails the key's entries: none may overtake the first."""
        self._in_flight.discard(key)
        for pending in self._queues.pop(key):
            if not pending.write.over.done():
                pending.write.over.set_exception(error)

    def _withdraw(self, write: _Write, keys: set[str]) -> None:
        """The write is over before its time: what of it is not in flight is not written any more."""
        for key in keys & self._queues.keys():
            queue = self._queues[key]
            first = [queue[0]] if key in self._in_flight else []
            kept = deque(first + [w for w in list(queue)[len(first) :] if w.write is not write])
            if kept:
                self._queues[key] = kept
            else:
                del self._queues[key]

    def _drop(self, pending: _Pending) -> None:
        queue = self._queues[pending.entry.key]
        queue.popleft()
        if not queue:
            del self._queues[pending.entry.key]
