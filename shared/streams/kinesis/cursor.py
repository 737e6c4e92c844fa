"""A position in one shard, moved on by one read after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.aws import AwsClient, AwsError
from shared.backoff import delays
from shared.errors import ResourceMissing, StreamUnavailable
from shared.streams.base import LATEST, Edge, Item, Start
from shared.streams.kinesis.replay_buffer import ReplayBuffer, behind
from shared.streams.kinesis.server_clock import date

log = logging.getLogger(__name__)

#: An iterator is good for 5 minutes.
_EXPIRED = "ExpiredIteratorException"
#: What Kinesis says of a position at a time that is still to come.
_INVALID = "InvalidArgumentException"
#: The most records one read brings.
_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """What one read brought; `at_tip` says that there was nothing more, `ended` that nothing more will come.

    `refused` says why it brought nothing, where it failed.
    """

    items: Sequence[Item]
    at_tip: bool
    ended: bool
    refused: str = ""


class Cursor:
    """Reads one shard of a stream from `start` on. An unavailable stream is waited out, and so is a throttled one."""

    def __init__(self, client: AwsClient, stream: str, shard: str, start: Start) -> None:
        self._client = client
        self._stream = stream
        self._shard = shard
        #: Behind what it has read; where it began, if that is nothing yet.
        self.position = start
        self._iterator: str | None = None
        #: The server's clock when it was last at the tip; a position at the latest is the tip.
        self._tip_at: datetime | None = None
        #: What it read last, for readers that join later.
        self.replay = ReplayBuffer(start)
        #: Loop time (s) at which the last read began.
        self.read_at = float("-inf")
        #: How long to wait between attempts, while reads are refused.
        self._delays: Iterator[float] | None = None

    @property
    def tip_at(self) -> int | None:
        """The second (epoch ms, the server's clock) in which it was last at the tip."""
        return None if self._tip_at is None else round(self._tip_at.timestamp() * 1000)

    @property
    def refused(self) -> bool:
        """Whether its last read was: it waits before the next by itself."""
        return self._delays is not None

    async def seek(self) -> None:
        """Takes its position now: what comes from now on counts as behind LATEST. Raises StreamUnavailable."""
        try:
            answer = await self._ask_iterator()
        except AwsError as error:
            if error.code != _INVALID or self.position.at is None:
                raise
            # Nothing that is there has arrived later than now.
            self.position = LATEST
            self.replay = ReplayBuffer(LATEST)
            answer = await self._ask_iterator()
        self._iterator = answer["ShardIterator"]
        if self._tip_at is None:
            self._tip_at = date(answer)
            if self.position == LATEST and self.tip_at is not None:
                # It took its position at some moment of that second.
                self.replay = ReplayBuffer(Start(at=self.tip_at + 1000))

    async def read(self) -> Page:
        """The next page, which may be empty, as soon as a read is not refused."""
        while (page := await self.attempt()).refused:
            pass
        return page

    async def attempt(self) -> Page:
        """What the next read brings, which may be that it is refused; behind one that was it waits a little first."""
        if self._delays is not None:
            await asyncio.sleep(next(self._delays))
        try:
            page = await self._read()
        except StreamUnavailable as error:
            if self._delays is None:
                log.warning("cannot read %s %s, trying again: %s", self._stream, self._shard, error)
                self._delays = delays()
            return Page((), at_tip=False, ended=False, refused=str(error) or type(error).__name__)
        if self._delays is not None:
            self._delays = None
            log.warning("reading %s %s again", self._stream, self._shard)
        return page

    async def _read(self) -> Page:
        if self._iterator is None:
            await self.seek()
        self.read_at = asyncio.get_running_loop().time()
        try:
            answer = await self._client.call("get_records", ShardIterator=self._iterator, Limit=_LIMIT)
        except ResourceMissing:
            # The call names the iterator alone.
            raise self._client.missing("stream", self._stream) from None
        except AwsError as error:
            if error.code != _EXPIRED:
                raise
            await self.seek()
            return Page((), at_tip=False, ended=False)
        # LocalStack gives the first record of a shard again and again, until there is a second.
        items = behind(self.position, map(_item, answer["Records"]))
        self._iterator = answer.get("NextShardIterator")
        if items:
            self.position = Start(after=items[-1].sequence)
            self.replay.add(items)
        ended = self._iterator is None
        at_tip = not ended and not answer.get("MillisBehindLatest")
        if at_tip:
            self._tip_at = date(answer)
        return Page(items, at_tip=at_tip, ended=ended)

    async def _ask_iterator(self) -> dict[str, Any]:
        return await self._client.call(
            "get_shard_iterator", StreamName=self._stream, ShardId=self._shard, **self._iterator_start()
        )

    def _iterator_start(self) -> dict[str, Any]:
        start = self.position
        if start.after is not None:
            return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(start.after)}
        if start.edge is Edge.LATEST and self._tip_at is not None:
            # An iterator that expired before anything came: what came since is behind LATEST too.
            return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self._tip_at}
        if start.edge is Edge.LATEST:
            return {"ShardIteratorType": "LATEST"}
        if start.at is not None:
            return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": start.at / 1000}
        return {"ShardIteratorType": "TRIM_HORIZON"}


def _item(record: dict[str, Any]) -> Item:
    arrived_at = round(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
    return Item(int(record["SequenceNumber"]), record["Data"], arrived_at)
