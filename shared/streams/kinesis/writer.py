"""Writes entries to a Kinesis stream in batches, those of one partition key one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from shared.aws import AwsClient
from shared.errors import StreamUnavailable
from shared.streams.base import Entry
from shared.streams.kinesis.pauses import Pauses

#: What one PutRecords call takes: records, bytes of all, bytes of one; keys count.
_MOST_RECORDS = 500
_MOST_BYTES = 5 << 20
#: Calls under way at once.
_CALLS = 4
#: Seconds for which a record that the stream refuses is tried again here, before the writer is told.
_PATIENCE = 10.0


@dataclass(slots=True, eq=False)
class _Ticket:
    """One `write`: over when each of its entries is written, or one is given up."""

    left: int
    over: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class _Waiting:
    """An entry that is not written yet."""

    entry: Entry
    ticket: _Ticket
    refusals: int = 0
    refused_since: float = 0.0

    @property
    def size(self) -> int:
        return self.entry.size


class Writer:
    """Kinesis keeps no order among the records of one call when it refuses some of them.

    So at most one record of a key is under way; what waits behind it goes with the next call. Only what was refused
    is tried again, and only its key (or, where a shard is over its throughput, that shard's keys) waits for it.
    """

    def __init__(self, client: AwsClient, stream: str) -> None:
        self._client = client
        self._stream = stream
        #: Key -> its entries in order, the first of which may be under way.
        self._lines: dict[str, deque[_Waiting]] = {}
        self._under_way: set[str] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._pauses = Pauses()
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
        ticket = _Ticket(len(entries), asyncio.get_running_loop().create_future())
        for entry in entries:
            self._lines.setdefault(entry.key, deque()).append(_Waiting(entry, ticket))
        self._pump()
        try:
            await ticket.over
        finally:
            if ticket.left:
                self._withdraw(ticket, {entry.key for entry in entries})

    def _pump(self) -> None:
        """Begins as many calls as there is something for."""
        while len(self._calls) < _CALLS and (batch := self._batch()):
            self._under_way.update(waiting.entry.key for waiting in batch)
            call = asyncio.create_task(self._call(batch))
            self._calls.add(call)
            call.add_done_callback(self._called)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        if self._lines and (due := self._pauses.next(loop.time())) is not None:
            self._timer = loop.call_at(due, self._pump)

    def _batch(self) -> list[_Waiting]:
        """The first entry of each key that may go now, as many as one call takes."""
        now = asyncio.get_running_loop().time()
        batch: list[_Waiting] = []
        size = 0
        for key, line in self._lines.items():
            if key in self._under_way or not self._pauses.over(key, now):
                continue
            size += line[0].size
            if len(batch) == _MOST_RECORDS or size > _MOST_BYTES:
                break
            batch.append(line[0])
        return batch

    async def _call(self, batch: Sequence[_Waiting]) -> None:
        records = [{"PartitionKey": waiting.entry.key, "Data": waiting.entry.data} for waiting in batch]
        try:
            answer = await self._client.call("put_records", StreamName=self._stream, Records=records)
        except Exception as error:
            for waiting in batch:
                self._give_up(waiting.entry.key, error)
            return
        for waiting, result in zip(batch, answer["Records"], strict=True):
            if "ErrorCode" in result:
                self._refused(waiting, result["ErrorCode"], result.get("ErrorMessage", ""))
            else:
                self._pauses.written(waiting.entry.key, result["ShardId"])
                self._written(waiting)

    def _called(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.result()
            self._pump()

    def _written(self, waiting: _Waiting) -> None:
        key = waiting.entry.key
        self._under_way.discard(key)
        # To the end, so that every key has its turn.
        line = self._lines.pop(key)
        line.popleft()
        if line:
            self._lines[key] = line
        waiting.ticket.left -= 1
        if not waiting.ticket.left and not waiting.ticket.over.done():
            waiting.ticket.over.set_result(None)

    def _refused(self, waiting: _Waiting, code: str, message: str) -> None:
        key = waiting.entry.key
        self._under_way.discard(key)
        now = asyncio.get_running_loop().time()
        waiting.refused_since = waiting.refused_since or now
        waiting.refusals += 1
        if waiting.ticket.over.done():
            self._drop(waiting)
        elif now - waiting.refused_since >= _PATIENCE:
            self._give_up(
                key,
                StreamUnavailable(
                    f"stream {self._stream}: a record was refused for {_PATIENCE:g} s, lastly with {code} {message}"
                ),
            )
        else:
            self._pauses.refused(key, code, message, waiting.refusals, now)

    def _give_up(self, key: str, error: Exception) -> None:
        """Gives up the key's entries: none may overtake the first."""
        self._under_way.discard(key)
        for waiting in self._lines.pop(key):
            if not waiting.ticket.over.done():
                waiting.ticket.over.set_exception(error)

    def _withdraw(self, ticket: _Ticket, keys: set[str]) -> None:
        """The ticket is over before its time: what of it is not under way is not written any more."""
        for key in keys & self._lines.keys():
            line = self._lines[key]
            first = [line[0]] if key in self._under_way else []
            kept = deque(first + [w for w in list(line)[len(first) :] if w.ticket is not ticket])
            if kept:
                self._lines[key] = kept
            else:
                del self._lines[key]

    def _drop(self, waiting: _Waiting) -> None:
        line = self._lines[waiting.entry.key]
        line.popleft()
        if not line:
            del self._lines[waiting.entry.key]
