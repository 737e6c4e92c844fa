"""Kinesis in memory, on virtual time, behind boto3's own method names: it refuses, fails and forgets when told to."""
# ruff: noqa: N803 (the parameters are named as boto3 names them)

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
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
from shared.streams.kinesis.read_pacer import ReadPacer
from tests.support.scripted_stream import Put, ScriptedShard, ScriptedStream, now
from tests.support.virtual_time import EPOCH

STREAM = "words"
THROTTLED = "ProvisionedThroughputExceededException"
ENDPOINT = "http://kinesis.test"

#: Seconds for which an iterator is good, and the reads a second of a shard.
_ITERATOR, _READS = 300, 5
#: The most records, bytes and bytes of one record that a PutRecords call may bring.
_RECORDS, _BYTES, _RECORD_BYTES = 500, 5 << 20, 1 << 20


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
        at = place.get("Timestamp", 0)
        if (at.timestamp() if isinstance(at, datetime) else at) > EPOCH / 1000 + now():
            raise refusal("InvalidArgumentException", "The timestampInMillis parameter cannot be greater than now")
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
        """`fn` is a partial of a method of the client."""
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

    def stream(self, name: str = STREAM, pace: ReadPacer | None = None) -> KinesisStream:
        """The product's stream, reading and writing over this wire."""
        return KinesisStream(AwsClient(self.kinesis, StreamUnavailable, self), name, pace or ReadPacer(0.4))


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
