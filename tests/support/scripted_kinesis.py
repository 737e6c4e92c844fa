"""Kinesis in memory, on virtual time, behind boto3's own method names: it refuses, fails and forgets when told to."""
# ruff: noqa: N803 (the parameters are named as boto3 names them)

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from shared.aws import AwsClient
from shared.errors import StreamUnavailable
from shared.streams.kinesis import KinesisStream
from shared.streams.kinesis.pace import Pace
from tests.support.virtual_time import EPOCH

STREAM = "words"
THROTTLED = "ProvisionedThroughputExceededException"
ENDPOINT = "http://kinesis.test"

_KEYS = 1 << 128
#: Sequence numbers have 56 digits.
_FIRST = 49 * 10**54
#: Seconds for which an iterator is good, and the reads a second of a shard.
_ITERATOR, _READS = 300, 5
#: The most records, bytes and bytes of one record that a PutRecords call may bring.
_RECORDS, _BYTES, _RECORD_BYTES = 500, 5 << 20, 1 << 20


def now() -> float:
    """Loop time in s."""
    return asyncio.get_running_loop().time()


def refusal(code: str, message: str = "as scripted", status: int = 400, operation: str = "Operation") -> ClientError:
    """What boto3 raises for an answer that is an error."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@dataclass(eq=False)
class Call:
    """One call, begun and ended at these loop times."""

    operation: str
    parameters: Mapping[str, Any]
    begun: float
    ended: float | None = None

    @property
    def keys(self) -> list[str]:
        """The partition keys that it brought."""
        return [record["PartitionKey"] for record in self.parameters["Records"]]

    @property
    def data(self) -> list[str]:
        """The records that it brought."""
        return [record["Data"].decode() for record in self.parameters["Records"]]


class Put(NamedTuple):
    """A record that stands on a shard, or wants to; `at` is loop time in s."""

    sequence: int
    key: str
    data: bytes
    at: float
    shard: str


@dataclass(eq=False)
class ScriptedShard:
    id: str
    first: int
    last: int
    parents: tuple[str, ...] = ()
    closed: bool = False
    records: list[Put] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)

    def place(self, kind: str, parameters: Mapping[str, Any]) -> int:
        if kind == "LATEST":
            return len(self.records)
        if kind == "AFTER_SEQUENCE_NUMBER":
            return sum(written.sequence <= int(parameters["StartingSequenceNumber"]) for written in self.records)
        if kind == "AT_TIMESTAMP":
            at = parameters["Timestamp"]
            since = (at.timestamp() if isinstance(at, datetime) else at) - EPOCH / 1000
            # Arrival times need not rise.
            found = (place for place, put in enumerate(self.records) if round(put.at, 3) >= round(since, 3))
            return next(found, len(self.records))
        assert kind == "TRIM_HORIZON", kind
        return 0


class ScriptedStream:
    """A stream of an account; `refuse` says with which code and message a single record is refused."""

    def __init__(self, name: str, shards: int) -> None:
        self.name = name
        self.shards: dict[str, ScriptedShard] = {}
        self.refuse: Callable[[Put], tuple[str, str] | None] = lambda put: None
        self.ready_at = self.gone_at = float("inf")
        self._sequences = count(_FIRST + 1)
        for index in range(shards):
            self._add(_KEYS * index // shards, _KEYS * (index + 1) // shards - 1, ())

    def _add(self, first: int, last: int, parents: tuple[str, ...]) -> str:
        shard = ScriptedShard(f"shardId-{len(self.shards):012}", first, last, parents)
        self.shards[shard.id] = shard
        return shard.id

    @property
    def open(self) -> list[ScriptedShard]:
        """The open shards, in the order of their keys."""
        return sorted((shard for shard in self.shards.values() if not shard.closed), key=lambda shard: shard.first)

    @property
    def status(self) -> str:
        if self.gone_at < float("inf"):
            return "DELETING"
        return "CREATING" if now() < self.ready_at else "ACTIVE"

    def split(self, parent: str) -> tuple[str, str]:
        """Splits a shard in the middle; the ids of its children."""
        shard = self.shards[parent]
        shard.closed = True
        middle = (shard.first + shard.last) // 2
        return self._add(shard.first, middle, (parent,)), self._add(middle + 1, shard.last, (parent,))

    def merge(self, lower: str, upper: str) -> str:
        """Merges two neighbours; the id of their child."""
        parents = self.shards[lower], self.shards[upper]
        assert parents[0].last + 1 == parents[1].first
        for shard in parents:
            shard.closed = True
        return self._add(parents[0].first, parents[1].last, (lower, upper))

    def shard_of(self, key: str) -> ScriptedShard:
        place = int.from_bytes(hashlib.md5(key.encode()).digest())
        return next(shard for shard in self.open if shard.first <= place <= shard.last)

    def put(self, key: str, data: bytes) -> dict[str, Any]:
        """Writes or refuses one record, as an entry of a PutRecords answer tells it."""
        shard = self.shard_of(key)
        put = Put(next(self._sequences), key, data, now(), shard.id)
        if refused := self.refuse(put):
            return {"ErrorCode": refused[0], "ErrorMessage": refused[1]}
        shard.records.append(put)
        return {"ShardId": shard.id, "SequenceNumber": str(put.sequence)}

    def written(self, key: str) -> list[str]:
        """What stands on the stream for the key, in the order in which it was written."""
        found = [record for shard in self.shards.values() for record in shard.records if record.key == key]
        return [record.data.decode() for record in sorted(found, key=lambda record: record.sequence)]


class Iterator(NamedTuple):
    stream: ScriptedStream
    shard: ScriptedShard
    place: int
    issued_at: float


class ScriptedKinesis:
    """An account, with the methods of boto3's client.

    Its faults: `fail` says what a call raises instead of being done, `lose` what it raises after it was done.
    """

    def __init__(self, *, shards: int = 1, page: int = 10_000, limited: bool = False) -> None:
        self.streams = {STREAM: ScriptedStream(STREAM, shards)}
        self.streams[STREAM].ready_at = 0.0
        self.meta = SimpleNamespace(endpoint_url=ENDPOINT)
        self.fail: Callable[[Call], Exception | None] = lambda call: None
        self.lose: Callable[[Call], Exception | None] = lambda call: None
        self.page = page
        #: How many reads bring nothing yet though there are records, and whether the first of a shard is read again.
        self.blanks, self.repeating = 0, False
        #: Whether a shard refuses more reads a second than Kinesis allows.
        self.limited = limited
        #: Seconds for which a stream is being made or deleted, and how many may be made at once.
        self.making, self.deleting, self.most_making = 1.0, 1.0, 5
        self.iterators: dict[str, Iterator] = {}
        self._tokens = count()

    @property
    def stream(self) -> ScriptedStream:
        """The stream that is there from the start."""
        return self.streams[STREAM]

    def expire_iterators(self) -> None:
        """Every iterator that was handed out is too old from now on."""
        self.iterators = {token: old._replace(issued_at=float("-inf")) for token, old in self.iterators.items()}

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        stream = self._find(StreamName)
        sizes = [len(record["Data"]) + len(record["PartitionKey"].encode()) for record in Records]
        if not 0 < len(Records) <= _RECORDS or sum(sizes) > _BYTES or max(sizes) > _RECORD_BYTES:
            raise refusal("InvalidArgumentException", "too much, or nothing, for one PutRecords call")
        # Backwards: the order within a call is not promised.
        answers = [stream.put(record["PartitionKey"], record["Data"]) for record in reversed(Records)][::-1]
        return self._answer(Records=answers, FailedRecordCount=sum("ErrorCode" in answer for answer in answers))

    def get_shard_iterator(self, *, StreamName: str, ShardId: str, ShardIteratorType: str, **place: Any) -> Any:
        stream = self._find(StreamName)
        shard = stream.shards[ShardId]
        return self._answer(ShardIterator=self._iterator(stream, shard, shard.place(ShardIteratorType, place)))

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        stream, shard, place, issued_at = self.iterators[ShardIterator]
        self._find(stream.name)
        if now() - issued_at > _ITERATOR:
            raise refusal("ExpiredIteratorException")
        if self.limited and sum(round(now() - 1, 6) < round(read, 6) for read in shard.reads) >= _READS:
            raise refusal(THROTTLED, f"Rate exceeded for shard {shard.id}")
        shard.reads.append(now())
        page = shard.records[place : place + min(Limit, self.page)]
        if page and self.blanks:
            self.blanks -= 1
            page = []
        place += len(page)
        left = shard.records[place:]
        if self.repeating and len(shard.records) == place == 1:
            page = shard.records
        behind = round((now() - left[0].at) * 1000) + 1 if left else 0
        answer = self._answer(Records=[_read(record) for record in page], MillisBehindLatest=behind)
        if left or not shard.closed:
            answer["NextShardIterator"] = self._iterator(stream, shard, place)
        return answer

    def list_shards(self, *, StreamName: str = "", NextToken: str = "") -> dict[str, Any]:
        assert bool(StreamName) != bool(NextToken), "ListShards takes a name or a token"
        name, _, begin = (NextToken or f"{StreamName}:0").partition(":")
        shards, end = list(self._find(name).shards.values()), int(begin) + 4
        answer = self._answer(Shards=[_listed(shard) for shard in shards[int(begin) : end]])
        return answer | ({"NextToken": f"{name}:{end}"} if end < len(shards) else {})

    def create_stream(self, *, StreamName: str, ShardCount: int) -> dict[str, Any]:
        self._forget_gone()
        if StreamName in self.streams:
            raise refusal("ResourceInUseException", f"Stream {StreamName} already exists")
        if sum(stream.status == "CREATING" for stream in self.streams.values()) >= self.most_making:
            raise refusal("LimitExceededException", "too many streams are being created")
        self.streams[StreamName] = ScriptedStream(StreamName, ShardCount)
        self.streams[StreamName].ready_at = now() + self.making
        return self._answer()

    def describe_stream_summary(self, *, StreamName: str) -> dict[str, Any]:
        stream = self._find(StreamName)
        summary = {"StreamName": StreamName, "StreamStatus": stream.status, "OpenShardCount": len(stream.open)}
        return self._answer(StreamDescriptionSummary=summary)

    def delete_stream(self, *, StreamName: str, EnforceConsumerDeletion: bool = False) -> dict[str, Any]:
        self._find(StreamName).gone_at = now() + self.deleting
        return self._answer()

    def _find(self, name: str) -> ScriptedStream:
        self._forget_gone()
        if name not in self.streams:
            raise refusal("ResourceNotFoundException", f"Stream {name} under account 000000000000 not found.")
        return self.streams[name]

    def _forget_gone(self) -> None:
        self.streams = {name: stream for name, stream in self.streams.items() if now() < stream.gone_at}

    def _iterator(self, stream: ScriptedStream, shard: ScriptedShard, place: int) -> str:
        token = f"iterator-{next(self._tokens)}"
        self.iterators[token] = Iterator(stream, shard, place, now())
        return token

    def _answer(self, **parts: Any) -> dict[str, Any]:
        date = format_datetime(datetime.fromtimestamp(int(EPOCH / 1000 + now()), UTC), usegmt=True)
        return {**parts, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"date": date}}}


class Wire(Executor):
    """What AwsClient takes for its threads: each call is done after half of `delay` s, and answered after all of it.

    `chance`, where it is given, varies both from nothing to their double.
    """

    def __init__(self, kinesis: ScriptedKinesis, delay: float = 0.02, chance: Random | None = None) -> None:
        self.kinesis = kinesis
        self.delay = delay
        self._chance = chance
        self.calls: list[Call] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See Executor.submit; `fn` is a partial of a method of the client."""
        work: Any = fn
        call = Call(work.func.__name__, work.keywords, now())
        self.calls.append(call)
        future: Future[Any] = Future()
        # As with a thread that has begun: who gives up waiting does not undo the call.
        future.set_running_or_notify_cancel()
        asyncio.get_running_loop().call_later(self._half(), self._do, call, fn, self._half(), future)
        return future

    def _do(self, call: Call, work: Callable[[], Any], left: float, future: Future[Any]) -> None:
        answer, failure = None, self.kinesis.fail(call)
        if failure is None:
            try:
                answer = work()
            except Exception as error:
                failure = error
            else:
                failure = self.kinesis.lose(call)
        asyncio.get_running_loop().call_later(left, self._end, call, answer, failure, future)

    def _half(self) -> float:
        return self.delay / 2 if self._chance is None else self._chance.uniform(0, self.delay)

    def _end(self, call: Call, answer: Any, failure: Exception | None, future: Future[Any]) -> None:
        call.ended = now()
        if failure is None:
            future.set_result(answer)
        else:
            future.set_exception(failure)

    def of(self, operation: str, since: float = 0.0) -> list[Call]:
        """The calls of one operation that began at `since` or later."""
        return [call for call in self.calls if call.operation == operation and call.begun >= since]

    def stream(self, name: str = STREAM, pace: Pace | None = None) -> KinesisStream:
        """The product's stream, reading and writing over this wire."""
        return KinesisStream(AwsClient(self.kinesis, StreamUnavailable, self), name, pace or Pace(0.4))


def _read(record: Put) -> dict[str, Any]:
    arrived_at = datetime.fromtimestamp(EPOCH / 1000 + record.at, UTC)
    return {
        "SequenceNumber": str(record.sequence),
        "Data": record.data,
        "PartitionKey": record.key,
        "ApproximateArrivalTimestamp": arrived_at,
    }


def _listed(shard: ScriptedShard) -> dict[str, Any]:
    names = ("ParentShardId", "AdjacentParentShardId")
    return {"ShardId": shard.id, **dict(zip(names, shard.parents, strict=False))}
